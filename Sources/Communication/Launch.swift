// How this process was started: alone, or as one of several by mpirun, mpiexec or srun.

/// What a launcher has put into the environment of each process that it started.
package struct Launch: Sendable, Equatable {
    /// This process's number, from 0.
    package let rank: Int
    /// How many processes were started together.
    package let count: Int
    /// The library that the launcher belongs to; nil where it works with both.
    package let library: MPIDialect?

    package init(rank: Int, count: Int, library: MPIDialect?) {
        (self.rank, self.count, self.library) = (rank, count, library)
    }

    /// nil for a process that was started alone.
    package init?(environment: [String: String]) {
        func number(_ name: String) -> Int? { environment[name].flatMap { Int($0) } }
        /// Open MPI's mpirun; then MPICH's mpiexec and srun with PMI; then srun with PMIx, which both libraries speak.
        let launchers: [(rank: String, count: String, library: MPIDialect?)] = [
            ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", .openMPI), ("PMI_RANK", "PMI_SIZE", .mpich),
            ("PMIX_RANK", "SLURM_STEP_NUM_TASKS", nil),
        ]
        for launcher in launchers {
            guard let rank = number(launcher.rank), let count = number(launcher.count), count > 1 else { continue }
            self.init(rank: rank, count: count, library: launcher.library)
            return
        }
        return nil
    }

    /// Why a process cannot find those that srun has started with it; nil where it can, or was started alone.
    package static func defect(environment: [String: String]) -> CommunicationError? {
        // The script of a batch job is not one of its tasks, and has no step.
        guard let count = environment["SLURM_STEP_NUM_TASKS"].flatMap({ Int($0) }), count > 1 else { return nil }
        let interfaces = ["OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK"]
        return interfaces.allSatisfy { environment[$0] == nil } ? .noInterface(started: count) : nil
    }
}
