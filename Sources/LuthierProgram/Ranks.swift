// Several processes that train together: how this one finds the others.

import Communication
import Foundation
import Kernels

enum Ranks {
    /// How a launcher has started this process; nil where it was started alone.
    static let launch = Launch(environment: ProcessInfo.processInfo.environment)

    /// Says where a launcher has started several processes of a command, and they cannot work together: the first one on
    /// stderr, for all.
    ///
    /// - Parameter command: the first word of the command line.
    /// - Returns: whether this process must end.
    static func refuse(_ command: String?, environment: [String: String]) -> Bool {
        // Asked for help or a version, and processes that this program starts for itself.
        let names = Luthier.configuration.groups.flatMap(\.subcommands).compactMap { $0.configuration.commandName }
        guard let command, names.contains(command) else { return false }
        let defect = Launch.defect(environment: environment)
        let rank = launch?.rank ?? environment["SLURM_PROCID"].flatMap { Int($0) } ?? 0
        if let defect {
            if rank == 0 { ErrorReport.write(defect) }
            return true
        }
        guard let launch, command != "train" else { return false }
        if rank == 0 {
            Console.message("error: \(command) runs in one process, and \(launch.count) were started")
            Console.message("hint: start it without mpirun or srun")
        }
        return true
    }

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
