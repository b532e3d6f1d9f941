// Several processes that train together: how this one finds the others.

import Communication
import Foundation
import Kernels

enum Ranks {
    /// How a launcher has started this process; nil where it was started alone.
    static let launch = Launch(environment: ProcessInfo.processInfo.environment)

    /// The group of a launch, once all of its processes are there; nil where this process was started alone, for which no
    /// library is loaded.
    static func join() throws(CommunicationError) -> RankGroup? {
        guard let launch else { return nil }
        return try RankGroup.join(
            launch, processorCount: ParallelFor.availableProcessors,
            path: ProcessInfo.processInfo.environment["LUTHIER_MPI"],
            onLoss: { member, seconds in
                let name = member?.description ?? "another process"
                Console.endProgress()
                Console.message("error: \(name) has not been heard of for \(Int(seconds)) seconds; all processes end")
                Console.message(
                    "hint: find out what happened to it, then continue with --resume from the last checkpoint")
            })
    }
}
