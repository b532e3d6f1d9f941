// `incidents.jsonl`: the steps of a run whose loss or gradient was not what it should be.

import Foundation
import Models
import StrictJSON

/// The file is there only where something has happened. On resume it is cut back to the checkpoint.
final class IncidentLog {
    static let fileName = "incidents.jsonl"

    private let path: String
    private var log: LineLog?

    /// - Parameter step: the step that is resumed from, nil for a new run.
    init(folder: RunFolder, upTo step: Int?) throws {
        path = folder.file(IncidentLog.fileName)
        if FileManager.default.fileExists(atPath: path) { log = try LineLog(path: path, upTo: step) }
    }

    /// Writes down a step with all of its inputs.
    func append(_ incident: StepIncident, step: StepReport) throws {
        if log == nil { log = try LineLog(path: path, upTo: nil) }
        var members: [(key: String, value: JSONOutput)] = [
            ("step", .integer(step.step)), ("incident", .string(incident.spike == nil ? "not finite" : "loss spike")),
            ("skipped", .bool(incident.isSkipped)), ("loss", .number(step.loss)),
            ("gradientNorm", .number(step.gradientNorm)),
        ]
        if let spike = incident.spike {
            members += [("recentMedian", .number(spike.median)), ("deviations", .number(spike.deviations))]
        }
        try log?.append(members + [("inputs", .array(incident.inputs.map { .string($0) }))])
    }
}

extension StepIncident {
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
