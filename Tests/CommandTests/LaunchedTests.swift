// Commands that mpirun or srun has started several times.

import Foundation
import Testing

@Suite struct LaunchedTests {
    private static func launched(_ rank: Int) -> [String: String] {
        ["OMPI_COMM_WORLD_RANK": "\(rank)", "OMPI_COMM_WORLD_SIZE": "4"]
    }

    @Test(arguments: ["eval", "prepare", "tune", "sweep"])
    func onlyTrainRunsInSeveralProcesses(command: String) throws {
        let place = try Workplace()
        let first = try place.luthier(command, environment: Self.launched(0))
        #expect(first.code == 2)
        #expect(first.errors.hasPrefix("error: \(command) runs in one process, and 4 were started\nhint: "))
        let second = try place.luthier(command, environment: Self.launched(1))
        #expect(second.code == 2 && second.errors.isEmpty, "one process speaks for all: \(second.errors)")
    }

    @Test func helpAndVersionNeedNoOtherProcess() throws {
        let place = try Workplace()
        #expect(try place.luthier("--version", environment: Self.launched(0)).code == 0)
        #expect(try place.luthier("help", "train", environment: Self.launched(0)).code == 0)
        let one = ["OMPI_COMM_WORLD_RANK": "0", "OMPI_COMM_WORLD_SIZE": "1"]
        #expect(try place.luthier("runs", environment: one).code == 0)
    }

    @Test func srunWithoutAnInterface() throws {
        let place = try Workplace()
        func started(_ rank: Int) throws -> Outcome {
            try place.luthier(
                "train", "--config", "none.json",
                environment: ["SLURM_PROCID": "\(rank)", "SLURM_STEP_NUM_TASKS": "4"])
        }
        let first = try started(0)
        #expect(first.code == 2)
        #expect(first.errors.contains("error: srun has started 4 processes") && first.errors.contains("--mpi=pmix"))
        #expect(try started(1).errors.isEmpty)
    }
}
