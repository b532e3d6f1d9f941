// The process of `POST /luthier/tune`: reads the data, chooses as a job does, and estimates or measures the run.

import Foundation
import Kernels
import Model
import Models
import StrictJSON
import Training

struct TuneLook: Look {
    static let kind = "tune"

    let order: JobOrder
    /// What the data is, where that is known.
    let check: JobCheck?
    /// Whether real steps are taken.
    let measures: Bool
    /// Why they are not, where the client has asked for them.
    let note: String?

    var json: JSONOutput {
        [
            "order": order.json, "check": check?.json ?? .null, "measures": .bool(measures), "note": .text(note),
        ]
    }
    var names: [(path: String, name: String)] {
        [(order.training, order.trainingName)]
            + (order.validation.map { [($0, order.validationName ?? "the validation file")] } ?? [])
            + [(order.base, "the model")]
    }
    var dataParam: String { "trainingFile" }
    var dataCode: String { "invalid_training_file" }

    func apiError(_ error: any Error) -> APIError {
        guard !(error is APIError), !(error is ConfigError) else { return defaultError(error) }
        let failure = JobFailure(error, order)
        guard failure.code != "server_error" else { return defaultError(error) }
        return .invalid(
            failure.message, param: failure.param.map { LookProcess.params[$0] ?? $0 }, code: failure.code)
    }

    private func defaultError(_ error: any Error) -> APIError {
        (error as? APIError) ?? ((error as? ConfigError).map { .invalid("\($0)", param: "set") })
            ?? .internalError("The data could not be looked at.")
    }

    func answer(in folder: String) throws -> JSONOutput {
        Machine.prepareIfNeeded()
        let check = try self.check ?? DataCheck(order).run()
        let source = try ModelSource(path: order.base)
        let available = Memory.availableBytes
        let draft = JobTraining.draft(
            order, check, TuningFacts(check, source.architecture, availableBytes: available))
        var reader = ConfigReader()
        for setting in draft.settings {
            try reader.set(setting.key, toText: setting.value, source: "set", origin: "set")
        }
        var estimate = try TuneEstimate(reader.config, draft, check, source)
        estimate.note = note
        if measures { try estimate.measure(reader, folder: order.run) }
        return [
            "choices": .array(draft.choices.map(\.json)), "rows": .integer(check.rows),
            "heldOut": .integer(check.heldOut), "answerTokens": .integer(check.answerTokens),
            "longestRow": .integer(check.longestRow), "longestAnswer": .integer(check.longestAnswer),
            "estimate": estimate.json(availableBytes: available), "check": check.json,
        ]
    }
}

extension TuneLook {
    init?(_ object: JSONObject) {
        guard let order = object["order"].flatMap(JobOrder.init), let measures = object["measures"]?.bool else {
            return nil
        }
        self.init(
            order: order, check: object["check"].flatMap(JobCheck.init), measures: measures,
            note: object["note"]?.string)
    }
}

/// What a run takes.
struct TuneEstimate {
    private var parameters: Int
    private var steps: Int
    private var stepsPerEpoch: Int
    private var memoryBytes: Int
    private var measured: DryRun?
    var note: String?

    /// The most rows of a batch that are counted: more is refused anyway.
    private static let mostRows = 1 << 28

    /// Calculated: the steps as `JobTraining` expects them, the memory for the longest rows, which
    /// is at least what the run will count.
    init(_ config: RunConfig, _ draft: JobTraining.Draft, _ check: JobCheck, _ source: ModelSource) throws {
        if let target = config.adapter?.unknownTarget(in: source.architecture) {
            let names = source.architecture.linearModules.map(\.name).joined(separator: ", ")
            throw APIError.invalid(
                "method.targets holds \(APIError.shown(target)); it takes all, attention, \(names), or the end of one of "
                    + "these", param: "set.method.targets")
        }
        parameters = source.parameterCount
        stepsPerEpoch = max(1, (check.rows + max(1, draft.batchSize) - 1) / max(1, draft.batchSize))
        steps = config.training.steps ?? draft.epochs * stepsPerEpoch
        let isShorter = draft.settings.contains { $0.key == "model.contextLength" }
        let context = isShorter ? config.model.contextLength : source.architecture.contextLength
        func rows(_ sequences: Int, _ length: Int) -> Int {
            let (count, overflows) = max(1, sequences).multipliedReportingOverflow(by: max(1, length))
            return overflows ? TuneEstimate.mostRows : min(count, TuneEstimate.mostRows)
        }
        var memory = TrainingMemory(
            source.architecture, rowsPerBatch: rows(config.training.batchSize, min(check.longestRow, context)))
        memory.evaluationRows = min(
            rows(config.evaluation.batchSize, config.evaluation.window ?? context), check.heldOutTokens)
        (memory.adapter, memory.baseWeights) = (config.adapter, config.method.baseWeights)
        memory.precision = Precision(rawValue: config.training.precision) ?? .f32
        memory.recomputesActivations = config.training.recomputeActivations
        memory.accumulation = config.training.accumulation
        memoryBytes = memory.bytes
    }

    /// Takes a few real steps. What is missing for that is a note.
    mutating func measure(_ reader: ConfigReader, folder: String) throws {
        var request = RunRequest(reader: reader, folder: RunFolder(path: folder), resume: false)
        request.writesNothing = true
        do {
            let found = try DryRun.measure(request) { _ in }
            (steps, stepsPerEpoch) = (found.summary.totalSteps, found.summary.stepsPerEpoch)
            memoryBytes = found.summary.estimatedBytes
            measured = found
        } catch let error as ModelError {
            guard case .runTooLarge = error else { throw error }
            note = "\(error)" + (error.hint.map { ": \($0)" } ?? "")
        }
    }

    func json(availableBytes: Int?) -> JSONOutput {
        [
            "parameters": .integer(parameters), "steps": .integer(steps), "stepsPerEpoch": .integer(stepsPerEpoch),
            "estimatedMemoryBytes": .integer(memoryBytes), "availableBytes": .count(availableBytes),
            "tokensPerSecond": .real(measured?.tokensPerSecond), "seconds": .real(measured?.expectedSeconds),
            "peakMemoryBytes": .count(measured?.peakMemoryBytes),
            "checkpointBytes": .count(measured?.checkpointBytes), "measured": .bool(measured != nil),
            "note": .text(note),
        ]
    }
}
