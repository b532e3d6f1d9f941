// How a process learns that it is one of several, and where they run.

import Communication
import Testing

@Suite struct LaunchTests {
    @Test func alone() {
        #expect(Launch(environment: [:]) == nil)
        // One process needs no others, and the script of a batch job is not one of its tasks.
        #expect(Launch(environment: ["OMPI_COMM_WORLD_RANK": "0", "OMPI_COMM_WORLD_SIZE": "1"]) == nil)
        #expect(Launch(environment: ["SLURM_PROCID": "0", "SLURM_NTASKS": "4"]) == nil)
        #expect(Launch(environment: ["PMI_RANK": "x", "PMI_SIZE": "2"]) == nil)
    }

    @Test(arguments: [
        (["OMPI_COMM_WORLD_RANK": "1", "OMPI_COMM_WORLD_SIZE": "4"], MPIDialect.openMPI),
        (["PMI_RANK": "1", "PMI_SIZE": "4"], .mpich), (["PMIX_RANK": "1", "SLURM_STEP_NUM_TASKS": "4"], nil),
    ])
    func launchers(environment: [String: String], library: MPIDialect?) {
        #expect(Launch(environment: environment) == Launch(rank: 1, count: 4, library: library))
    }

    @Test func srunNeedsAnInterface() {
        let step = ["SLURM_PROCID": "1", "SLURM_STEP_NUM_TASKS": "4"]
        #expect(Launch.defect(environment: step) == .noInterface(started: 4))
        for interface in ["OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK"] {
            #expect(Launch.defect(environment: step.merging([interface: "1"]) { $1 }) == nil)
        }
        #expect(Launch.defect(environment: ["SLURM_STEP_NUM_TASKS": "1"]) == nil)
        // The script of a batch job.
        #expect(Launch.defect(environment: ["SLURM_PROCID": "0", "SLURM_NTASKS": "4"]) == nil)
    }

    @Test func aLibraryThatIsNotThere() {
        let launch = Launch(rank: 0, count: 2, library: .openMPI)
        let error = #expect(throws: CommunicationError.self) {
            try RankGroup.join(launch, processorCount: 1, path: "/nowhere/libmpi.so") { _, _ in }
        }
        guard case .noLibrary(let name, let reason) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(name == "Open MPI" && reason.contains("/nowhere/libmpi.so"))
        #expect(error?.hint?.contains("LUTHIER_MPI") == true)
    }

    @Test func aLibraryThatIsAnother() {
        let launch = Launch(rank: 0, count: 2, library: .openMPI)
        let error = #expect(throws: CommunicationError.self) {
            try RankGroup.join(launch, processorCount: 1, path: "libm.so.6") { _, _ in }
        }
        #expect(error == .noLibrary("libm.so.6", reason: "it has no function MPI_Init_thread"))
    }

    @Test func threadsOfARank() {
        func member(_ rank: Int, _ host: String, _ processors: String, _ count: Int) -> Member {
            Member(rank: rank, host: host, processID: 1, processors: processors, processorCount: count)
        }
        // Not bound: both ranks of a host may use all of its processors, and share them.
        let free = [member(0, "a", "0-7", 8), member(1, "a", "0-7", 8), member(2, "b", "0-7", 8)]
        #expect(free.map { $0.threads(among: free) } == [4, 4, 8])
        // Bound: each has its own.
        let bound = [member(0, "a", "0", 1), member(1, "a", "1", 1)]
        #expect(bound.map { $0.threads(among: bound) } == [1, 1])
        // Two machines of one name.
        let twins = ["x", "y"].map { boot in
            Member(rank: 0, host: "a", boot: boot, processID: 1, processors: "0-7", processorCount: 8)
        }
        #expect(twins.map { $0.threads(among: twins) } == [8, 8])
        // More ranks than processors.
        let many = (0..<4).map { member($0, "a", "0-1", 2) }
        #expect(many.map { $0.threads(among: many) } == [1, 1, 1, 1])
    }
}
