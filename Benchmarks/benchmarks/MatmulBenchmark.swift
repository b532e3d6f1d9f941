// Matrix products of GPT-2's shapes, forward and both gradients, compared with the processor's peak.

import Arguments
import Foundation
import Kernels
import StrictJSON

struct MatmulBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "matmul", abstract: "Measure products of GPT-2's shapes, forward and both gradients, in GFLOP/s.")
    @OptionGroup var machine: MachineOptions
    @Flag(help: "Print only the JSON line.") var json = false

    /// (N rows, in, out) of the linear layers of GPT-2 124M at B 4 × T 256, of a model 256 wide at B 16 × T 128, of both
    /// heads at 512 rows, and of one layer of a model 128 wide.
    private static let shapes = [
        (name: "attention in", rows: 1024, input: 768, output: 2304),
        (name: "attention out", rows: 1024, input: 768, output: 768),
        (name: "feed-forward in", rows: 1024, input: 768, output: 3072),
        (name: "feed-forward out", rows: 1024, input: 3072, output: 768),
        (name: "head", rows: 512, input: 768, output: 50257),
        (name: "256: attention in", rows: 2048, input: 256, output: 768),
        (name: "256: attention out", rows: 2048, input: 256, output: 256),
        (name: "256: forward in", rows: 2048, input: 256, output: 1024),
        (name: "256: forward out", rows: 2048, input: 1024, output: 256),
        (name: "256: head", rows: 512, input: 256, output: 8192),
        (name: "128: forward in", rows: 768, input: 128, output: 512),
    ]

    mutating func run() throws {
        try machine.prepare()
        let peak = MachinePeak.flopsPerSecond() / 1e9
        if !json {
            print("kernel \(BLASKernel.name), \(ParallelFor.threadCount) threads, peak \(Report.column(peak)) GFLOP/s")
            print("GFLOP/s, and the ratio to the better of OpenBLAS and oneDNN with the same number of threads")
            print("shape               (rows, in, out)              forward            dInput           dWeight")
        }
        var (rows, shares, ratios) = ([JSONOutput](), [Double](), [Double]())
        for shape in Self.shapes {
            let rates = Self.measure(rows: shape.rows, input: shape.input, output: shape.output)
            shares += rates.map { $0.luthier / peak }
            ratios += rates.map(\.ratio)
            if !json {
                let sizes = "(\(shape.rows), \(shape.input), \(shape.output))"
                print(
                    shape.name.padding(toLength: 20, withPad: " ", startingAt: 0)
                        + sizes.padding(toLength: 20, withPad: " ", startingAt: 0)
                        + rates.map { "\(Report.column($0.luthier)) \(Report.ratio($0.ratio))x" }.joined(
                            separator: "  "))
            }
            let members = zip(["forward", "dInput", "dWeight"], rates).map { name, rate in
                (
                    key: name,
                    value: JSONOutput.object([
                        ("gflops", .number(rate.luthier)), ("openBLAS", .number(rate.openBLAS)),
                        ("oneDNN", .number(rate.oneDNN)),
                    ])
                )
            }
            rows.append(
                .object(
                    [
                        ("name", .string(shape.name)), ("rows", .integer(shape.rows)), ("in", .integer(shape.input)),
                        ("out", .integer(shape.output)),
                    ] + members))
        }
        let mean = shares.reduce(0, +) / Double(shares.count)
        if !json {
            print(
                "mean \(Report.column(100 * mean, width: 1)) % of the peak; compared with the libraries at least "
                    + "\(Report.ratio(ratios.min() ?? 0))x, median \(Report.ratio(Report.median(ratios)))x")
        }
        Report.json(
            "matmul",
            [
                ("gflops", .array(rows)), ("peakGflops", .number(peak)), ("meanShareOfPeak", .number(mean)),
                ("leastRatio", .number(ratios.min() ?? 0)), ("medianRatio", .number(Report.median(ratios))),
            ])
    }

    /// GFLOP/s of one product in three ways.
    private struct Rates {
        let luthier: Double
        let openBLAS: Double
        let oneDNN: Double
        var ratio: Double { luthier / max(openBLAS, oneDNN) }
    }

    /// y = x W, dx = dy Wᵀ, dW = xᵀ dy.
    private static func measure(rows N: Int, input: Int, output: Int) -> [Rates] {
        let arena = FloatArena(count: N * input + input * output + N * output + 64)
        let x = Matrix(arena, rows: N, columns: input)
        let weight = Matrix(arena, offset: N * input, rows: input, columns: output)
        let y = Matrix(arena, offset: N * input + input * output, rows: N, columns: output)
        let work = 2 * Double(N) * Double(input) * Double(output)
        let products: [(c: Matrix, a: Matrix, b: Matrix, transposingA: Bool, transposingB: Bool)] = [
            (y, x, weight, false, false), (x, y, weight, false, true), (weight, x, y, true, false),
        ]
        return products.map { product in
            let (c, a, b, transposingA, transposingB) = product
            /// Seconds of one call.
            func time(_ library: BareLibrary?) -> Double {
                let start = monotonicSeconds()
                if let library {
                    library.multiply(into: c, a, b, transposingA: transposingA, transposingB: transposingB)
                } else {
                    MatrixMultiply.run(into: c, a, b, transposingA: transposingA, transposingB: transposingB)
                }
                return monotonicSeconds() - start
            }
            // In turns, several calls each, because the libraries' threads keep spinning for a while after a call.
            let (rounds, repeats) = (5, max(2, min(50, Int(1e10 / work))))
            var seconds: [[Double]] = [[], [], []]
            for _ in 0..<rounds {
                for (index, library) in [nil, BareLibrary.openBLAS, .oneDNN].enumerated() {
                    // Reset the values, or denormals and infinities would be timed.
                    refill(arena)
                    library?.use(threads: ParallelFor.threadCount)
                    Thread.sleep(forTimeInterval: 0.05)
                    // Warm up until the system has spread the threads over the cores again.
                    let warm = monotonicSeconds() + 0.05
                    repeat { _ = time(library) } while monotonicSeconds() < warm
                    for _ in 0..<repeats { seconds[index].append(time(library)) }
                    library?.use(threads: 1)
                }
            }
            let rates = seconds.map { work / Report.median($0) / 1e9 }
            return Rates(luthier: rates[0], openBLAS: rates[1], oneDNN: rates[2])
        }
    }

    private static func refill(_ arena: FloatArena) {
        var generator = SplitMix64(seed: 1)
        for index in 0..<arena.count { arena.base[index] = Float(generator.uniform() - 0.5) }
    }
}
