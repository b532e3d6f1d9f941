// What of a run was not as it should be: `incidents.jsonl` has each step whose loss or gradient was wrong, `warnings.jsonl`
// all that a person was warned of.

import Foundation
import Models
import StrictJSON

package enum RunTroubles {
    static let incidents = "incidents.jsonl"
    package static let warnings = "warnings.jsonl"
}

extension StepIncident {
    /// A line with all inputs of the step.
    func members(_ step: StepReport) -> [(key: String, value: JSONOutput)] {
        var members: [(key: String, value: JSONOutput)] = [
            ("step", .integer(step.step)), ("incident", .string(spike == nil ? "not finite" : "loss spike")),
            ("skipped", .bool(isSkipped)), ("loss", .number(step.loss)), ("gradientNorm", .number(step.gradientNorm)),
        ]
        if let spike {
            members += [("recentMedian", .number(spike.median)), ("deviations", .number(spike.deviations))]
        }
        return members + [("inputs", .array(inputs.map { .string($0) }))]
    }

    /// A sentence for people; of many inputs the first eight.
    func text(step: Int) -> String {
        let shown = inputs.prefix(8).joined(separator: ", ") + (inputs.count > 8 ? " …" : "")
        guard let spike else {
            return "step \(step) skipped: its loss or gradient is not finite; its inputs: \(shown)"
        }
        func rounded(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
        return "step \(step)\(isSkipped ? " skipped" : ""): its loss is \(rounded(spike.loss, 4)), "
            + "\(rounded(spike.deviations, 1)) deviations above the recent median of \(rounded(spike.median, 4)); "
            + "its inputs: \(shown)"
    }
}
