// What the service counts, as Prometheus' text.

import HTTPServer
import Inference
import Models
import Synchronization

/// Counts of requests.
final class ServiceMetrics: Sendable {
    private struct Key: Hashable {
        var route: String
        var status: Int
    }

    private struct State {
        var requests: [Key: Int] = [:]
        var seconds: [String: Double] = [:]
        var open = 0
    }

    private let state = Mutex(State())

    func begin() { state.withLock { $0.open += 1 } }

    /// Counts a request that has been answered.
    ///
    /// - Parameter route: the pattern of its path, of which there are few.
    func end(_ route: String, status: Int, seconds: Double) {
        state.withLock { state in
            state.open -= 1
            state.requests[Key(route: route, status: status), default: 0] += 1
            state.seconds[route, default: 0] += seconds
        }
    }

    /// Everything there is to know of a service.
    func text(_ service: FineTuningService) throws -> String {
        var text = MetricsText()
        let state = state.withLock { $0 }
        text.add("http_requests_total", "Requests answered.", .counter) {
            state.requests.sorted { ($0.key.route, $0.key.status) < ($1.key.route, $1.key.status) }.map {
                ([("route", $0.key.route), ("status", "\($0.key.status)")], Double($0.value))
            }
        }
        text.add("http_request_seconds_total", "Seconds that requests took, to the end of their streams.", .counter) {
            state.seconds.sorted { $0.key < $1.key }.map { ([("route", $0.key)], $0.value) }
        }
        text.add("http_requests_open", "Requests being answered.", .gauge) { [([], Double(state.open))] }
        addEngine(service.engine.statistics, &text)
        let counts = try service.store.jobCounts()
        text.add("jobs", "Fine-tuning jobs by state.", .gauge) {
            JobPhase.allCases.map { ([("state", $0.rawValue)], Double(counts[$0] ?? 0)) }
        }
        let loaded = service.pool.loaded
        text.add("models_loaded", "Models in memory.", .gauge) { [([], Double(loaded.count))] }
        text.add("models_bytes", "Memory of the models.", .gauge) {
            [([], Double(loaded.reduce(0) { $0 + $1.byteCount }))]
        }
        text.add("models_users", "Requests that hold a model.", .gauge) {
            [([], Double(loaded.reduce(0) { $0 + $1.users }))]
        }
        text.add("memory_peak_bytes", "The most memory that the service has had.", .gauge) {
            [([], Double(Memory.peakBytes))]
        }
        return text.text
    }

    private func addEngine(_ statistics: EngineStatistics, _ text: inout MetricsText) {
        text.add("prompt_tokens_total", "Tokens of prompts: read, and reused from memory.", .counter) {
            [
                ([("source", "read")], Double(statistics.promptTokensRead)),
                ([("source", "reused")], Double(statistics.promptTokensReused)),
            ]
        }
        text.add("completion_tokens_total", "Tokens drawn.", .counter) { [([], Double(statistics.tokensDrawn))] }
        text.add("generation_passes_total", "Passes in which tokens were drawn.", .counter) {
            [([], Double(statistics.passes))]
        }
        text.add("generation_requests_total", "Prompts by how they ended.", .counter) {
            [
                ([("end", "finished")], Double(statistics.finished)), ([("end", "failed")], Double(statistics.failed)),
                ([("end", "cancelled")], Double(statistics.cancelled)),
            ]
        }
        text.add("generation_queue", "Prompts by where they are.", .gauge) {
            [
                ([("state", "waiting")], Double(statistics.waiting)),
                ([("state", "reading")], Double(statistics.reading)),
                ([("state", "drawing")], Double(statistics.drawing)),
            ]
        }
        text.add("cache_bytes", "Memory of keys and values: of running requests, and kept for later ones.", .gauge) {
            [
                ([("use", "running")], Double(statistics.cacheBytes)),
                ([("use", "kept")], Double(statistics.keptBytes)),
            ]
        }
    }
}

/// Prometheus' text format, version 0.0.4.
struct MetricsText {
    enum Kind: String { case counter, gauge }

    private(set) var text = ""

    mutating func add(
        _ name: String, _ help: String, _ kind: Kind, _ values: () -> [(labels: [(String, String)], value: Double)]
    ) {
        text += "# HELP luthier_\(name) \(help)\n# TYPE luthier_\(name) \(kind.rawValue)\n"
        for (labels, value) in values() {
            let shown = labels.map { "\($0.0)=\"\(MetricsText.escaped($0.1))\"" }.joined(separator: ",")
            let number = value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
            text += "luthier_\(name)\(shown.isEmpty ? "" : "{\(shown)}") \(number)\n"
        }
    }

    private static func escaped(_ text: String) -> String {
        text.map { character in
            switch character {
            case "\\": "\\\\"
            case "\"": "\\\""
            case "\n": "\\n"
            default: String(character)
            }
        }.joined()
    }
}
