// Random templates that Jinja2 rendered, rendered again; skipped without them.

import Foundation
import Jinja
import StrictJSON
import Testing

/// What `Tests/interop/templates.py` wrote.
private enum RandomTemplates {
    static let folder = ProcessInfo.processInfo.environment["LUTHIER_TEMPLATES"]

    static func lines() throws -> [JSONNode] {
        let path = try #require(folder) + "/templates.jsonl"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        return try text.split(separator: "\n").map { try JSONText.parse(String($0)) }
    }
}

@Suite(.enabled(if: RandomTemplates.folder != nil, "run by `make interop-templates`")) struct DifferentialTests {
    @Test func randomTemplatesGiveTheSameText() throws {
        let lines = try RandomTemplates.lines()
        let members = try #require(lines[0].object).members
        let values = members.map { (name: $0.key, value: JinjaValue($0.value, source: 1)) }
        var counts: [String: Int] = [:]
        for line in lines.dropFirst() {
            let template = try #require(line.object?["template"]?.string)
            let expected = line.object?["expected"]?.string
            do throws(JinjaError) {
                let text = try JinjaProgram(template).render(values)
                let isSame = expected.map { Array($0.unicodeScalars) == text.scalars } ?? false
                counts[isSame ? "same" : "different", default: 0] += 1
                if !isSame {
                    Issue.record(
                        "\(template)\n  \(text.string.debugDescription)\n  \(expected?.debugDescription ?? line.object?["error"]?.string ?? "")"
                    )
                }
            } catch {
                let kind =
                    expected == nil ? "both refuse" : DifferentialTests.isByDesign(error) ? "by design" : "refused"
                counts[kind, default: 0] += 1
                if kind == "by design" { counts["by design: \(error.defect)", default: 0] += 1 }
                if kind == "refused" { Issue.record("\(template)\n  \(error)\n  \(expected ?? "")") }
            }
        }
        for (kind, count) in counts.sorted(by: { $0.value > $1.value }) { print("\(count) \(kind)") }
        #expect(counts["by design", default: 0] * 50 < lines.count)
    }

    /// What is refused by name, integers beyond 64 bits, and slices of constants, which Jinja2 folds into nothing.
    private static func isByDesign(_ error: JinjaError) -> Bool {
        switch error.defect {
        case .wrongValue(let message): message.hasSuffix("cannot be sliced")
        case .unsupported, .unsupportedAttribute, .unsupportedFilter, .unsupportedFunction, .unsupportedMethod,
            .unsupportedTag, .unsupportedTest, .overflow:
            true
        default: false
        }
    }
}
