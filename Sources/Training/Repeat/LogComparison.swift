// Two logs of metrics, line by line: up to which step they are equal, and the first step that differs, with both values.

import Foundation
import StrictJSON

/// The lines up to one step of a recorded `metrics.jsonl` and of its repetition.
package struct LogComparison: Sendable, Equatable {
    /// The first line that differs.
    package struct Difference: Sendable, Equatable {
        package var step: Int
        /// The members that differ, as JSON; a complete line where one log has none.
        package var values: [RecordedDifference]

        package init(step: Int, values: [RecordedDifference]) { (self.step, self.values) = (step, values) }
    }

    /// Lines that are equal, from the first on.
    package let equalLines: Int
    /// The step of the last of them.
    package let equalUpToStep: Int?
    /// nil where all lines are equal.
    package let first: Difference?

    package var isEqual: Bool { first == nil }

    /// - Parameter step: later lines are not compared: a killed run may have written some after its last checkpoint.
    package init(recorded: [UInt8], repeated: [UInt8], upTo step: Int) {
        func lines(_ bytes: [UInt8]) -> [(text: [UInt8], object: JSONObject)] {
            bytes.split(separator: 0x0A).compactMap { line in
                guard let object = (try? JSONText.parse([UInt8](line)))?.object, let own = object["step"]?.integer,
                    own <= step
                else { return nil }
                return ([UInt8](line), object)
            }
        }
        let (left, right) = (lines(recorded), lines(repeated))
        let count = zip(left, right).prefix { $0.text == $1.text }.count
        equalLines = count
        equalUpToStep = count > 0 ? left[count - 1].object["step"]?.integer : nil
        let one = count < left.count ? left[count].object : nil
        let other = count < right.count ? right[count].object : nil
        first = one == nil && other == nil ? nil : LogComparison.difference(one, other)
    }

    private static func difference(_ one: JSONObject?, _ other: JSONObject?) -> Difference {
        func text(_ node: JSONNode?) -> String { node.map { JSONOutput($0).serialized() } ?? "missing" }
        let steps = [one, other].compactMap { $0?["step"]?.integer }
        guard let one, let other, steps.first == steps.last else {
            func line(_ object: JSONObject?) -> String {
                guard let object else { return "no line" }
                return JSONOutput.object(object.members.map { ($0.key, JSONOutput($0.value)) }).serialized()
            }
            return Difference(step: steps.min() ?? 0, values: [RecordedDifference("line", line(one), line(other))])
        }
        let keys = one.members.map(\.key) + other.members.map(\.key).filter { one[$0] == nil }
        return Difference(
            step: steps[0],
            values: keys.compactMap { key in
                let (left, right) = (text(one[key]), text(other[key]))
                return left == right ? nil : RecordedDifference(key, left, right)
            })
    }
}
