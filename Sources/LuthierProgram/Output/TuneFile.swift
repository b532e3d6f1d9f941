// `checkpoints/<run>.tune.json`: the choices of `luthier tune` as a config with their reasons, which repeats the run.

import Files
import Foundation
import Models
import StrictJSON
import Training

struct TuneFile {
    let path: String

    init(run: RunFolder) { path = run.path + ".tune.json" }

    /// Writes what differs from the defaults.
    ///
    /// - Parameter config: the run's, whose precision is settled.
    func write(_ config: RunConfig, _ choices: [TuningChoice]) throws {
        var values: [(key: String, value: String, reason: String?)] = [
            ("model.base", JSONOutput.string(config.model.base ?? "").serialized(), nil),
            ("data.train", list(config.data.train), nil), ("data.validation", list(config.data.validation), nil),
            ("training.precision", "\"\(config.training.precision)\"", "measured on this machine"),
        ]
        // What was given with --set stands for itself.
        values.removeAll { value in choices.contains { $0.key == value.key } }
        values += choices.map { ($0.key, $0.value, $0.reason) }
        var groups: [(name: String, lines: [String])] = []
        for name in ["model", "data", "method", "training", "evaluation", "generation"] {
            let members = values.filter { $0.key.hasPrefix(name + ".") }
            guard !members.isEmpty else { continue }
            let lines = members.enumerated().map { index, member in
                "        \"\(member.key.dropFirst(name.count + 1))\": \(member.value)"
                    + (index == members.count - 1 ? "" : ",") + (member.reason.map { " // \($0)" } ?? "")
            }
            groups.append((name, lines))
        }
        let text = groups.map { "    \"\($0.name)\": {\n" + $0.lines.joined(separator: "\n") + "\n    }" }
        try AtomicFile.write(
            "// Chosen by `luthier tune`. `luthier train --config` with this file repeats the run.\n{\n"
                + text.joined(separator: ",\n") + "\n}\n", to: path)
    }

    /// What `write` has written with a reason; a file that was edited since gives what is still there.
    func choices() throws -> [TuningChoice] {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        var section = ""
        return text.split(separator: "\n").compactMap { line in
            let line = line.trimmingCharacters(in: .whitespaces)
            guard line.hasPrefix("\""), let colon = line.range(of: "\": ") else { return nil }
            let key = String(line[line.index(after: line.startIndex)..<colon.lowerBound])
            let rest = line[colon.upperBound...]
            if rest.hasSuffix("{") { section = key }
            guard let comment = rest.range(of: " // ") else { return nil }
            let value = rest[..<comment.lowerBound]
            return TuningChoice(
                section + "." + key, String(value.hasSuffix(",") ? value.dropLast() : value),
                String(rest[comment.upperBound...]))
        }
    }

    private func list(_ texts: [String]) -> String { JSONOutput.array(texts.map { .string($0) }).serialized() }
}
