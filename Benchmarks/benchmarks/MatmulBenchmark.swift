// Matrix products of GPT-2's shapes, forward and both gradients, against the processor's peak.

import Arguments
import Kernels
import StrictJSON

struct MatmulBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "matmul", abstract: "Products of GPT-2's shapes, forward and both gradients, in GFLOP/s.")
    @OptionGroup var machine: MachineOptions
    @Flag(help: "Only the line of JSON.") var json = false

    /// (N rows, in, out) of the linear layers of GPT-2 124M at B 4 × T 256, and of the head at 512 rows.
    private static let shapes = [
        (name: "attention in", rows: 1024, input: 768, output: 2304),
        (name: "attention out", rows: 1024, input: 768, output: 768),
        (name: "feed-forward in", rows: 1024, input: 768, output: 3072),
        (name: "feed-forward out", rows: 1024, input: 3072, output: 768),
        (name: "head", rows: 512, input: 768, output: 50257),
        (name: "small model", rows: 768, input: 128, output: 512),
    ]

    mutating func run() throws {
        try machine.prepare()
        let peak = MachinePeak.flopsPerSecond() / 1e9
        if !json {
            print("kernel \(BLASKernel.name), \(ParallelFor.threadCount) threads, peak \(Report.column(peak)) GFLOP/s")
            print("shape                (rows, in, out)        forward   dInput   dWeight   GFLOP/s")
        }
        var rows: [JSONOutput] = []
        var shares: [Double] = []
        for shape in Self.shapes {
            let rates = Self.measure(rows: shape.rows, input: shape.input, output: shape.output)
            shares += rates.map { $0 / peak }
            if !json {
                let sizes = "(\(shape.rows), \(shape.input), \(shape.output))"
                print(
                    shape.name.padding(toLength: 20, withPad: " ", startingAt: 0)
                        + sizes.padding(toLength: 22, withPad: " ", startingAt: 0)
                        + rates.map { Report.column($0) }.joined())
            }
            rows.append(
                .object([
                    ("name", .string(shape.name)), ("rows", .integer(shape.rows)), ("in", .integer(shape.input)),
                    ("out", .integer(shape.output)), ("forward", .number(rates[0])), ("dInput", .number(rates[1])),
                    ("dWeight", .number(rates[2])),
                ]))
        }
        let mean = shares.reduce(0, +) / Double(shares.count)
        if !json { print("mean \(Report.column(100 * mean)) % of the peak") }
        Report.json(
            "matmul",
            [("gflops", .array(rows)), ("peakGflops", .number(peak)), ("meanShareOfPeak", .number(mean))])
    }

    /// GFLOP/s of y = x W, dx = dy Wᵀ, dW = xᵀ dy.
    private static func measure(rows N: Int, input: Int, output: Int) -> [Double] {
        let arena = FloatArena(count: N * input + input * output + N * output + 64)
        var generator = SplitMix64(seed: 1)
        for index in 0..<arena.count { arena.base[index] = Float(generator.uniform() - 0.5) }
        let x = Matrix(arena, rows: N, columns: input)
        let weight = Matrix(arena, offset: N * input, rows: input, columns: output)
        let y = Matrix(arena, offset: N * input + input * output, rows: N, columns: output)
        let work = 2 * Double(N) * Double(input) * Double(output)
        let products: [() -> Void] = [
            { MatrixMultiply.run(into: y, x, weight) },
            { MatrixMultiply.run(into: x, y, weight, transposingB: true) },
            { MatrixMultiply.run(into: weight, x, y, transposingA: true) },
        ]
        return products.map { product in
            // Values must stay in range from call to call, or denormals and infinities would be timed.
            let repeats = max(3, min(25, Int(4e10 / work)))
            var seconds: [Double] = []
            for index in 0...repeats {
                for position in stride(from: 0, to: arena.count, by: 1) { arena.base[position] *= 0.5 }
                let start = monotonicSeconds()
                product()
                if index > 0 { seconds.append(monotonicSeconds() - start) }
            }
            return work / Report.median(seconds) / 1e9
        }
    }
}
