// The folder of one job: what it was asked for, and what its process has found out.

import Files
import Foundation
import StrictJSON

/// `service/jobs/<id>/`. Each file is written once, completely or not at all.
package struct JobFolder: Sendable {
    package let path: String

    package init(path: String) { self.path = path }

    package enum Name: String, CaseIterable, Sendable {
        /// `JobOrder`.
        case request = "request.json"
        /// `JobCheck`: what the data is.
        case check = "check.json"
        /// `JobPlan`: what was chosen.
        case plan = "resolved.json"
        /// `JobOutcome`: how training ended.
        case outcome = "outcome.json"
        /// `JobFailure`: why the job failed.
        case failure = "failure.json"
        /// Which process works on it.
        case process = "process.json"
        /// Messages of the process.
        case log = "log.txt"
    }

    package func file(_ name: Name) -> String { path + "/" + name.rawValue }

    package func write(_ json: JSONOutput, as name: Name) throws(FileError) {
        try AtomicFile.write(json.serialized(pretty: true) + "\n", to: file(name))
    }

    /// The object in a file; nil where the file is not there or not complete.
    package func read(_ name: Name) -> JSONNode? {
        guard let data = FileManager.default.contents(atPath: file(name)) else { return nil }
        return try? JSONText.parse([UInt8](data))
    }

    package var order: JobOrder? { read(.request).flatMap(JobOrder.init) }
    package var check: JobCheck? { read(.check).flatMap(JobCheck.init) }
    package var plan: JobPlan? { read(.plan).flatMap(JobPlan.init) }
    package var outcome: JobOutcome? { read(.outcome).flatMap(JobOutcome.init) }
    package var failure: JobFailure? { read(.failure).flatMap(JobFailure.init) }

    /// The last line of the log that says something, for an error.
    var lastMessage: String? {
        guard let text = try? String(contentsOfFile: file(.log), encoding: .utf8) else { return nil }
        return text.split(separator: "\n").last { $0.contains("rror") || $0.contains("atal") }.map(String.init)
    }
}

/// Why a job failed, as clients are told.
package struct JobFailure: Error, Sendable, Equatable {
    package var code: String
    package var message: String
    package var param: String?

    package init(code: String, message: String, param: String? = nil) {
        (self.code, self.message, self.param) = (code, message, param)
    }

    init?(_ node: JSONNode) {
        guard let object = node.object, let code = object["code"]?.string, let message = object["message"]?.string
        else { return nil }
        self.init(code: code, message: message, param: object["param"]?.string)
    }

    package var json: JSONOutput {
        ["code": .string(code), "message": .string(message), "param": .text(param)]
    }
}

/// What the data of a job is, in tokens of the base.
package struct JobCheck: Sendable, Equatable {
    package var rows: Int
    package var heldOut: Int
    package var answerTokens: Int
    package var longestRow: Int
    package var longestAnswer: Int
    package var heldOutTokens: Int
    /// Whether rows are prompts and completions, which are trained on with nothing between.
    package var isRaw: Bool
    /// What a person should know of it.
    package var notes: [String]

    init(
        rows: Int, heldOut: Int, answerTokens: Int, longestRow: Int, longestAnswer: Int, heldOutTokens: Int,
        isRaw: Bool, notes: [String]
    ) {
        (self.rows, self.heldOut, self.answerTokens) = (rows, heldOut, answerTokens)
        (self.longestRow, self.longestAnswer, self.heldOutTokens) = (longestRow, longestAnswer, heldOutTokens)
        (self.isRaw, self.notes) = (isRaw, notes)
    }

    init?(_ node: JSONNode) {
        guard let object = node.object, let rows = object["rows"]?.integer, let heldOut = object["heldOut"]?.integer,
            let answerTokens = object["answerTokens"]?.integer, let longestRow = object["longestRow"]?.integer,
            let longestAnswer = object["longestAnswer"]?.integer,
            let heldOutTokens = object["heldOutTokens"]?.integer, let isRaw = object["raw"]?.bool
        else { return nil }
        self.init(
            rows: rows, heldOut: heldOut, answerTokens: answerTokens, longestRow: longestRow,
            longestAnswer: longestAnswer, heldOutTokens: heldOutTokens, isRaw: isRaw,
            notes: (object["notes"]?.array ?? []).compactMap(\.string))
    }

    package var json: JSONOutput {
        [
            "rows": .integer(rows), "heldOut": .integer(heldOut), "answerTokens": .integer(answerTokens),
            "longestRow": .integer(longestRow), "longestAnswer": .integer(longestAnswer),
            "heldOutTokens": .integer(heldOutTokens), "raw": .bool(isRaw),
            "notes": .array(notes.map { .string($0) }),
        ]
    }
}

/// How training ended.
package struct JobOutcome: Sendable, Equatable {
    package var stopped: String
    package var steps: Int
    package var epochs: Double
    package var seconds: Double
    package var tokensPerSecond: Double
    package var peakMemoryBytes: Int

    init(
        stopped: String, steps: Int, epochs: Double, seconds: Double, tokensPerSecond: Double, peakMemoryBytes: Int
    ) {
        (self.stopped, self.steps, self.epochs) = (stopped, steps, epochs)
        (self.seconds, self.tokensPerSecond, self.peakMemoryBytes) = (seconds, tokensPerSecond, peakMemoryBytes)
    }

    init?(_ node: JSONNode) {
        guard let object = node.object, let stopped = object["stopped"]?.string, let steps = object["steps"]?.integer,
            let epochs = object["epochs"]?.number, let seconds = object["seconds"]?.number,
            let rate = object["tokensPerSecond"]?.number, let peak = object["peakMemoryBytes"]?.integer
        else { return nil }
        self.init(
            stopped: stopped, steps: steps, epochs: epochs, seconds: seconds, tokensPerSecond: rate,
            peakMemoryBytes: peak)
    }

    package var json: JSONOutput {
        [
            "steps": .integer(steps), "epochs": .number(epochs), "seconds": .number(seconds),
            "tokensPerSecond": .number(tokensPerSecond), "peakMemoryBytes": .integer(peakMemoryBytes),
            "stopped": .string(stopped),
        ]
    }
}
