// `luthier doctor`: shows hardware and libraries, and runs a self-test.

import Arguments
import Foundation
import Kernels
import Model
import Models
import StrictJSON
import Training

struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Show libraries, speed and memory of this machine, and run a self-test.",
        discussion: "Takes about a second. Exit code 1 if the self-test fails.",
        examples: ["luthier doctor"])
    @Option(help: "Number of threads (0 = all cores).") var threads: Int = 0
    @Flag(help: "Print one JSON object as the last line of stdout.") var json = false

    mutating func run() throws {
        try Memory.checkLimits(threads: threads)
        let (own, rates) = (BLASKernel.name, BLASKernel.measure())
        let kernel = Machine.prepare(threads: threads)
        let peak = MachinePeak.flopsPerSecond()
        let (floats, rounded) = (productRate(.f32), RoundedWeight.isSupported ? productRate(.bf16) : nil)
        let bandwidth = MachinePeak.bytesPerSecond()
        let tests = [SelfTest.run(.f32)] + (RoundedWeight.isSupported ? [SelfTest.run(.bf16)] : [])
        let isGood = tests.allSatisfy(\.isGood)

        line("threads", "\(ParallelFor.threadCount) of \(ParallelFor.availableProcessors) processors")
        if let available = Memory.availableBytes { line("memory", "\(available >> 20) MiB free") }
        line("reads", "\(giga(bandwidth)) GB/s from memory")
        line("peak", "\(giga(peak)) GFLOP/s of float multiply–adds in registers")
        line("OpenBLAS", BLASKernel.library)
        for (name, rate) in rates {
            let isUsed = name == kernel || kernel.hasPrefix(name + "+")
            let notes = [name == own ? "its own choice" : nil, isUsed ? "in use" : nil].compactMap { $0 }
            let note = notes.isEmpty ? "" : " (" + notes.joined(separator: ", ") + ")"
            line("", "kernel \(name): \(giga(rate)) GFLOP/s on one thread\(note)")
        }
        line("", "matrix products of GPT-2's shape: \(giga(floats)) GFLOP/s, \(percent(floats / peak)) of the peak")
        line("oneDNN", RoundedWeight.libraryVersion + (rounded == nil ? ": no bfloat16 on this processor" : ""))
        if kernel.contains("+") { line("", "does the products that all threads share, faster than OpenBLAS here") }
        if let rounded {
            line("", "the same in bf16: \(giga(rounded)) GFLOP/s; --precision auto measures a model's own shapes")
        }
        for test in tests {
            line(
                "self-test",
                "\(test.precision.rawValue): \(test.isGood ? "passed" : "FAILED"), losses within "
                    + "\(ProgressPrinter.scientific(test.difference)) of the stored losses"
                    + (test.isGood ? "" : ": \(test.losses)"))
        }
        if json {
            Console.json([
                ("threads", .integer(ParallelFor.threadCount)), ("kernel", .string(kernel)),
                ("kernelChosenByLibrary", .string(own)), ("peakFlopsPerSecond", .number(peak)),
                ("floatFlopsPerSecond", .number(floats)), ("bf16FlopsPerSecond", rounded.map { .number($0) } ?? .null),
                ("memoryBytesPerSecond", .number(bandwidth)), ("oneDNN", .string(RoundedWeight.libraryVersion)),
                ("selfTest", .bool(isGood)),
            ])
        }
        if !isGood { throw ExitCode(1) }
    }

    private func line(_ label: String, _ text: String) {
        Console.output(label.padding(toLength: 11, withPad: " ", startingAt: 0) + text + "\n")
    }

    private func giga(_ rate: Double) -> String { ProgressPrinter.number(rate / 1e9, digits: 0) }

    private func percent(_ share: Double) -> String {
        ProgressPrinter.number(100 * share, digits: 0) + " %"
    }

    /// FLOP per second of the first feed-forward product of GPT-2 124M at 512 rows, the best of a few.
    private func productRate(_ precision: Precision) -> Double {
        let (rows, input, output) = (512, 768, 3072)
        let arena = FloatArena(count: rows * input + input * output + rows * output)
        for index in 0..<arena.count { arena.base[index] = Float(index % 13) - 6 }
        let x = Matrix(arena, rows: rows, columns: input)
        let weight = Matrix(arena, offset: rows * input, rows: input, columns: output)
        let y = Matrix(arena, offset: rows * input + input * output, rows: rows, columns: output)
        let layer =
            precision == .bf16
            ? RoundedWeight(weight, transposed: false, workspace: BFloat16Workspace()) : nil
        if let layer { RoundedWeight.refresh([layer]) }
        var best = Double.infinity
        for _ in 0..<8 {
            let start = monotonicSeconds()
            if let layer {
                layer.forward(into: y, of: x, bias: nil)
            } else {
                Linear.forward(into: y, of: x, weight: weight, bias: nil)
            }
            best = min(best, monotonicSeconds() - start)
        }
        return 2 * Double(rows * input * output) / best
    }
}
