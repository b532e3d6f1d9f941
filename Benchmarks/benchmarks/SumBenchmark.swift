// Sums over ranks alone, as training makes them but with nothing to compute meanwhile: what links and library give.

import Arguments
import Communication
import Foundation
import Kernels
import StrictJSON
import Training

struct SumBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sum", abstract: "Measure sums over the processes that mpirun has started, without training.")
    @OptionGroup var machine: MachineOptions
    @Option(help: "Bytes to sum, in units of 1,000,000.") var megabytes: Int = 498
    @Option(help: "Bytes of a bucket, in units of 1,000,000.") var bucket: Int = 33
    @Option(help: "Timed rounds, after an untimed one.") var rounds: Int = 3

    mutating func validate() throws(ValidationError) {
        if megabytes < 1 || bucket < 1 || rounds < 1 {
            throw ValidationError("--megabytes, --bucket and --rounds must be at least 1")
        }
    }

    mutating func run() throws {
        try machine.prepare()
        let environment = ProcessInfo.processInfo.environment
        guard let launch = Launch(environment: environment) else {
            throw ValidationError("this takes several processes", hint: "mpirun -n 2 benchmarks sum")
        }
        let ranks = try RankGroup.join(
            launch, processorCount: ParallelFor.availableProcessors, path: environment["LUTHIER_MPI"]
        ) { member, _ in print("lost: \(member?.description ?? "a rank")") }
        defer { ranks.leave() }
        let (count, each) = (megabytes * 250_000, bucket * 250_000)
        let values = FloatArena(count: count)
        var seconds: [Double] = []
        for round in 0...rounds {
            _ = try ranks.gather([])
            let start = monotonicSeconds()
            for first in stride(from: 0, to: count, by: each) {
                let all = first..<min(first + each, count)
                let segments = (0..<ranks.count).map { rank in
                    (all.lowerBound + all.count * rank / ranks.count)..<(all.lowerBound + all.count * (rank + 1)
                        / ranks.count)
                }
                ranks.beginSum(values.base, segments, spreads: true)
            }
            try ranks.finish()
            if round > 0 { seconds.append(monotonicSeconds() - start) }
        }
        guard ranks.rank == 0 else { return }
        let median = Report.median(seconds)
        let sent = 2 * Double(ranks.count - 1) / Double(ranks.count) * 4 * Double(count)
        print(
            "\(ranks.count) ranks, \(megabytes) MB: \(Report.column(median * 1000)) ms, \(Report.column(sent / median / 1e6)) MB/s each way"
        )
        Report.json(
            "sum",
            [
                ("ranks", .integer(ranks.count)), ("megabytes", .integer(megabytes)), ("seconds", .number(median)),
                ("bytesPerSecond", .number(sent / median)),
            ])
    }
}
