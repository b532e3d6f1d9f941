// Values on their way from one thread to another one, which waits for them.

import Dispatch
import Synchronization

/// Any thread may put values in; one takes them out in their order.
final class Mailbox<Value: Sendable>: Sendable {
    private let values = Mutex<ArraySlice<Value>>([])
    private let available = DispatchSemaphore(value: 0)

    func append(_ value: Value) {
        values.withLock { $0.append(value) }
        available.signal()
    }

    /// The next value; nil where none comes in time.
    func next(within seconds: Double = .infinity) -> Value? {
        let end = seconds.isFinite ? DispatchTime.now() + seconds : .distantFuture
        guard available.wait(timeout: end) == .success else { return nil }
        return values.withLock { $0.popFirst() }
    }
}
