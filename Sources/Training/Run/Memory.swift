// How much memory a run will take, how much there is, and how much was taken.

import Foundation
import Model

public enum Memory {
    /// Bytes that training takes: weights; gradients, two moments and, with adapters, the values of what is trained;
    /// activations of a micro-batch, logits of a chunk.
    public static func trainingBytes(
        _ config: ModelConfig, rowsPerBatch: Int, adapter: AdapterConfig? = nil
    ) -> Int {
        let weights = ParameterLayout(config).arenaCount
        let trained = adapter.map { 4 * ParameterLayout(adapters: $0, of: config).arenaCount } ?? 3 * weights
        return 4 * (weights + trained + Transformer.workingFloats(config, rowCount: rowsPerBatch))
    }

    /// Bytes that the system could still give to this process, its control group's limit included; nil where it does
    /// not say.
    public static var availableBytes: Int? {
        guard let text = try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8) else { return nil }
        let line = text.split(separator: "\n").first { $0.hasPrefix("MemAvailable:") }
        guard let kibibytes = line?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else { return nil }
        var available = kibibytes << 10
        if let limit = number(in: "/sys/fs/cgroup/memory.max"), let used = number(in: "/sys/fs/cgroup/memory.current") {
            available = min(available, max(0, limit - used))
        }
        return available
    }

    /// The most memory that this process has held so far.
    public static var peakBytes: Int {
        var usage = rusage()
        #if canImport(Glibc)
            getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
            return usage.ru_maxrss << 10
        #else
            getrusage(RUSAGE_SELF, &usage)
            return usage.ru_maxrss
        #endif
    }

    private static func number(in path: String) -> Int? {
        (try? String(contentsOfFile: path, encoding: .utf8)).flatMap {
            Int($0.trimmingCharacters(in: .whitespacesAndNewlines))
        }
    }
}
