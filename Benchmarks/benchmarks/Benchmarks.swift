// The list of benchmarks, and shared code: the machine's description and the JSON line.

import Arguments
import Foundation
import Kernels
import StrictJSON

struct Benchmarks: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "benchmarks", abstract: "Measure how fast Luthier is on this machine.",
        discussion: "Prints a readable table, then one line of JSON. On a shared machine absolute times mean little: "
            + "compare ratios from one run.",
        subcommands: [
            MatmulBenchmark.self, TrainBenchmark.self, GenerateBenchmark.self, ServeBenchmark.self,
            TokenizerBenchmark.self, CheckpointBenchmark.self, SumBenchmark.self, RetrievalBenchmark.self,
            AllBenchmark.self,
        ])
}

/// Options of every benchmark.
struct MachineOptions: ParsableArguments {
    @Option(help: "Number of threads (0 = all cores).") var threads: Int = 0

    /// Sets threads and kernel; rejects debug builds, whose numbers are meaningless.
    func prepare() throws {
        #if DEBUG
            throw ValidationError("this is a debug build", hint: "swift run -c release benchmarks …")
        #else
            Machine.prepare(threads: threads)
        #endif
    }
}

enum Report {
    /// Prints the last line of stdout.
    static func json(_ benchmark: String, _ members: [(key: String, value: JSONOutput)]) {
        let head: [(key: String, value: JSONOutput)] = [
            ("benchmark", .string(benchmark)), ("machine", .string(machine)), ("revision", .string(revision)),
            ("threads", .integer(ParallelFor.threadCount)), ("kernel", .string(BLASKernel.name)),
        ]
        print(JSONOutput.object(head + members).serialized())
    }

    /// The processor's name from the system.
    private static var machine: String {
        let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
        let name = line?.split(separator: ":").last?.trimmingCharacters(in: .whitespaces) ?? "unknown processor"
        return "\(name), \(ParallelFor.availableProcessors) cores"
    }

    /// The checked-out commit, or "unknown".
    private static var revision: String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["git", "rev-parse", "--short", "HEAD"]
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return "unknown" }
        let bytes = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        let text = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        return text.isEmpty ? "unknown" : text
    }

    static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        return sorted.isEmpty ? 0 : sorted[sorted.count / 2]
    }

    static func mean(_ values: some Collection<Double>) -> Double {
        values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
    }

    /// A ratio with two decimal places.
    static func ratio(_ value: Double) -> String {
        let hundredths = Int((value * 100).rounded())
        return "\(hundredths / 100)." + (hundredths % 100 < 10 ? "0" : "") + "\(hundredths % 100)"
    }

    /// A number with one decimal place, right-aligned.
    static func column(_ value: Double, width: Int = 9) -> String {
        let text = "\((value * 10).rounded() / 10)"
        return String(repeating: " ", count: max(0, width - text.count)) + text
    }
}
