// The process of `POST /luthier/prepare`: checks a file, applies the accepted fixes, and tells both.

import Datasets
import Foundation
import Kernels
import Models
import Preparation
import StrictJSON

struct PrepareLook: Look {
    static let kind = "prepare"
    /// The folder of the fixed rows inside of the question's.
    static let output = "output"

    let path: String
    /// As the client calls the file.
    let name: String
    /// The path of the model whose tokenizer counts.
    let base: String?
    let take: [String]
    let leave: [String]
    let promptColumn: String?
    let completionColumn: String?
    let validationFraction: Double
    let writes: Bool

    var json: JSONOutput {
        [
            "path": .string(path), "name": .string(name), "base": .text(base),
            "take": .array(take.map { .string($0) }), "leave": .array(leave.map { .string($0) }),
            "promptColumn": .text(promptColumn), "completionColumn": .text(completionColumn),
            "validationFraction": .number(validationFraction), "writes": .bool(writes),
        ]
    }

    var names: [(path: String, name: String)] { [(path, name)] }
    var dataParam: String { "file" }
    var dataCode: String { "unreadable_file" }

    func answer(in folder: String) throws -> JSONOutput {
        Machine.prepareIfNeeded()
        var request = PreparationRequest(inputs: [path])
        request.columns = ColumnChoice(prompt: promptColumn, completion: completionColumn)
        request.shares = SplitShares(validation: validationFraction)
        if let base {
            let source = try ModelSource(path: base)
            (request.tokenizer, request.contextLength) = (source.tokenizer, source.architecture.contextLength)
            request.framesPairs = source.template != nil
        }
        let preparer = try Preparer.check(request)
        var before = preparer.report
        for index in before.files.indices { before.files[index].path = name }
        var decided: [String: Bool] = [:]
        try preparer.fix(keepsRows: take.isEmpty) { item in
            decided[item.rule.name] = accepts(item)
            return accepts(item)
        }
        let after = preparer.report
        if writes, after.kept == 0 { throw PreparationError.nothingLeft(read: after.read) }
        let written = try preparer.write(to: "\(folder)/\(PrepareLook.output)")
        let changes = try PreparedChanges.read("\(folder)/\(PrepareLook.output)/changes.diff", input: path)
        var members = before.members.map { member in
            member.key == "findings" ? ("findings", findings(before, decided)) : member
        }
        members += [
            (
                "after",
                [
                    "kept": .integer(after.kept), "dropped": .integer(after.read - after.kept),
                    "train": .integer(after.rows[.train] ?? 0), "validation": .integer(after.rows[.validation] ?? 0),
                    "changed": .integer(written.changed), "remaining": .text(after.remaining),
                ]
            ),
            ("toAll", .array(changes.toAll.map { .string($0) })), ("changes", .array(changes.shown.map(\.json))),
            ("changesTotal", .integer(changes.count)),
            ("acceptable", .array(before.findings.filter(PrepareLook.isChoice).map { .string($0.rule.name) })),
            (
                "parts",
                .array(written.parts.map { ["split": .string($0.split.rawValue), "rows": .integer($0.rows)] })
            ),
        ]
        return .object(members)
    }

    private func accepts(_ item: PreparationReport.Item) -> Bool {
        take.contains(item.rule.name) || (!leave.contains(item.rule.name) && item.isTaken)
    }

    /// Whether `take` and `leave` can name the rule.
    private static func isChoice(_ item: PreparationReport.Item) -> Bool {
        switch item.rule.fix {
        case .optional, .offered: item.isFixable
        case .advice, .always: false
        }
    }

    /// The findings as the report gives them, and whether the fix of each is applied.
    private func findings(_ report: PreparationReport, _ decided: [String: Bool]) -> JSONOutput {
        guard case .array(let list) = report.findingsJSON.replacing(path, with: name) else { return .array([]) }
        return .array(
            zip(list, report.findings).map { json, item in
                guard case .object(let members) = json else { return json }
                let isAccepted = PrepareLook.isChoice(item) ? decided[item.rule.name] ?? accepts(item) : item.isTaken
                return .object(members + [("accepted", .bool(isAccepted))])
            })
    }
}

extension PrepareLook {
    init?(_ object: JSONObject) {
        guard let path = object["path"]?.string, let name = object["name"]?.string,
            let share = object["validationFraction"]?.number, let writes = object["writes"]?.bool
        else { return nil }
        self.init(
            path: path, name: name, base: object["base"]?.string,
            take: (object["take"]?.array ?? []).compactMap(\.string),
            leave: (object["leave"]?.array ?? []).compactMap(\.string), promptColumn: object["promptColumn"]?.string,
            completionColumn: object["completionColumn"]?.string, validationFraction: share, writes: writes)
    }
}

extension JSONOutput {
    /// The same value with another text in the place of one; keys stay as they are.
    fileprivate func replacing(_ text: String, with other: String) -> JSONOutput {
        switch self {
        case .string(let value): .string(value.replacing(text, with: other))
        case .array(let elements): .array(elements.map { $0.replacing(text, with: other) })
        case .object(let members): .object(members.map { ($0.key, $0.value.replacing(text, with: other)) })
        default: self
        }
    }
}
