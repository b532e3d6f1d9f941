// Two threads that share numbers, rightly or wrongly: what the thread sanitizer must accept, and what it must find.

import Foundation
import Synchronization

private final class Shared: @unchecked Sendable {
    let lock = Mutex(())
    let flag = Atomic(0)
    var locked = 0
    var published = 0
    let arrived = Atomic(0)
    var raced = 0
}

@main enum Known {
    static func main() {
        let shared = Shared()
        switch CommandLine.arguments[1] {
        case "lock":
            // Many times, so that one often waits for the other; and a number published by an atomic one.
            together { thread in
                for _ in 0..<100_000 { shared.lock.withLock { _ in shared.locked += 1 } }
                if thread == 0 {
                    shared.published = 1
                    shared.flag.store(1, ordering: .releasing)
                } else {
                    while shared.flag.load(ordering: .acquiring) == 0 {}
                    precondition(shared.published == 1)
                }
            }
            precondition(shared.locked == 200_000)
        default:
            together { _ in
                // Both at once; relaxed, so that nothing orders what follows.
                shared.arrived.add(1, ordering: .relaxed)
                while shared.arrived.load(ordering: .relaxed) < 2 {}
                shared.raced += 1
            }
        }
    }

    private static func together(_ body: @escaping @Sendable (Int) -> Void) {
        let group = DispatchGroup()
        for thread in 0..<2 {
            group.enter()
            Thread.detachNewThread {
                body(thread)
                group.leave()
            }
        }
        group.wait()
    }
}
