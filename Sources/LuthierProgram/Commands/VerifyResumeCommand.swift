// `luthier verify-resume`: proves on this machine that a run that is killed and resumed ends with the same bytes.

import Arguments
import Foundation
import Kernels
import StrictJSON
import Training

struct VerifyResumeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify-resume",
        abstract: "Prove on this machine that a run that is killed and resumed ends with the same bytes.",
        discussion:
            "Trains the config's model twice in a temporary folder under checkpoints/: once without a stop, and "
            + "once killed with SIGKILL at random moments (while it starts, between steps, while a checkpoint is "
            + "written) and resumed each time. Then compares both byte for byte: weights, moments, state, metrics, "
            + "samples. Both runs are shortened to --steps and save at least eight times. Exit code 0 only if all "
            + "bytes are the same; 1 otherwise, with the first value that differs. Nothing is kept.",
        examples: ["luthier verify-resume --config configs/weather.json --kills 3"])

    @Option(help: ArgumentHelp("Config file: JSON with // comments.", valueName: "file"))
    var config: String
    @Option(help: ArgumentHelp("Set one config key.", valueName: "key.path=value", completion: .configKeys))
    var set: [String] = []
    @Option(help: "Number of kills.") var kills: Int = 5
    @Option(
        help: ArgumentHelp(
            "Steps of each run.", defaultText: "\(VerifyResumeCommand.usualSteps), or the config's if fewer"))
    var steps: Int?
    @Option(help: "Seed of the moments at which the run is killed.") var seed: Int = 1
    @Flag(help: "Print one JSON object as the last line of stdout.") var json = false

    private static let usualSteps = 40

    mutating func validate() throws(ValidationError) {
        if kills < 1 || kills > 10_000 { throw ValidationError("--kills \(kills) must be between 1 and 10000") }
        if let steps, steps < 2 || steps > 1_000_000 {
            throw ValidationError("--steps \(steps) must be between 2 and 1000000")
        }
    }

    mutating func run() throws {
        StopSignal.install()
        var reader = ConfigReader()
        try reader.read(path: config)
        for assignment in set { try reader.set(assignment: assignment) }
        ParallelFor.configure(threads: reader.config.training.threads)
        let training = reader.config.training
        let steps = steps ?? max(2, min(training.steps ?? Self.usualSteps, Self.usualSteps))
        let proof = try ResumeProof(
            ResumeProofRequest(
                config: config, assignments: set, kills: kills, seed: UInt64(bitPattern: Int64(seed)), steps: steps,
                saveEvery: min(training.saveEvery ?? steps, max(1, steps / 8))), in: "checkpoints")
        defer { proof.clean() }
        let start = monotonicSeconds()
        let result = try proof.run()
        show(result, steps: steps, seconds: monotonicSeconds() - start)
        if !result.isEqual { throw ExitCode.failure }
    }

    private func show(_ result: ResumeProof.Result, steps: Int, seconds: Double) {
        let (starting, writing) = (result.kills.count { $0.step == nil }, result.kills.count { $0.file != nil })
        let files = result.comparisons.reduce(0) { $0 + $1.fileCount }
        let bytes = result.comparisons.reduce(0) { $0 + $1.byteCount }
        Console.output(
            "\(result.kills.count) kills (seed \(seed)): \(starting) while the run started, \(writing) while a file was "
                + "written\n")
        let differences = result.comparisons.flatMap(\.differences)
        if let first = differences.first {
            Console.output("different: \(first)\n")
            if differences.count > 1 { Console.output("and \(differences.count - 1) more files differ\n") }
        } else {
            Console.output(
                "equal: \(files) files with \(bytes) bytes: weights, moments, state, metrics, samples and config\n")
        }
        guard json else { return }
        Console.json([
            ("equal", .bool(result.isEqual)), ("kills", .integer(result.kills.count)),
            ("killsWhileStarting", .integer(starting)), ("killsWhileWriting", .integer(writing)),
            ("killedRuns", .integer(result.killedRuns)), ("steps", .integer(steps)), ("seed", .integer(seed)),
            ("files", .integer(files)), ("bytes", .integer(bytes)), ("seconds", .number(seconds)),
            ("difference", differences.first?.json ?? .null),
        ])
    }
}
