// The training of a job: chooses what was left open, then trains through `TrainingRun`, resuming where it can.

import Conversations
import Datasets
import Evaluation
import Foundation
import Kernels
import Model
import Models
import StrictJSON
import Training

struct JobTraining {
    let folder: JobFolder
    let order: JobOrder

    /// Of the older API: the multiplier with which the rate is the one that is usual here.
    static let usualLegacyMultiplier = 0.1
    /// Measurements of one batch of the validation file, and saves between epochs, in a run.
    private static let batchMeasurements = 20
    private static let savesPerRun = 10
    private static let leastStepsBetweenSaves = 10

    /// - Returns: how the run ended.
    func run(
        report: @escaping (Training.Progress) -> Void, shouldStop: @escaping () -> StopReason?
    ) throws -> RunResult {
        let earlier = folder.plan
        // Settled before the first start, for a run whose process ended before its first checkpoint.
        if let earlier { setenv(BLASKernel.environmentVariable, earlier.kernel, 1) }
        Machine.prepare(threads: 0)
        var draft = try earlier.map(Draft.init) ?? choose()
        if let earlier { draft.settings.append(.init("training.precision", "\"\(earlier.precision)\"")) }
        let request = RunRequest(
            reader: try reader(draft.settings), folder: RunFolder(path: order.run), resume: true)
        let run = try TrainingRun.prepare(request, report: report, shouldStop: shouldStop)
        if earlier == nil { try folder.write(plan(draft, run).json, as: .plan) }
        if let classes = order.classes { run.measureMore = try classMetrics(classes, run) }
        return try run.run()
    }

    /// Everything that is settled before the run is prepared.
    struct Draft {
        var settings: [JobOrder.Setting]
        var choices: [TuningChoice]
        var epochs: Int
        var batchSize: Int
        var multiplier: Double
        var batchEvery: Int?

        init(_ plan: JobPlan) {
            (settings, choices) = (plan.settings, plan.choices)
            (epochs, batchSize) = (plan.epochs, plan.batchSize)
            (multiplier, batchEvery) = (plan.learningRateMultiplier, plan.batchEvery)
        }

        init(
            settings: [JobOrder.Setting], choices: [TuningChoice], epochs: Int, batchSize: Int, multiplier: Double,
            batchEvery: Int?
        ) {
            (self.settings, self.choices, self.epochs) = (settings, choices, epochs)
            (self.batchSize, self.multiplier, self.batchEvery) = (batchSize, multiplier, batchEvery)
        }
    }

    private func choose() throws -> Draft {
        guard let check = folder.check else {
            throw JobFailure(code: "server_error", message: "the data was not checked")
        }
        let source = try ModelSource(path: order.base)
        let facts = TuningFacts(check, source.architecture, availableBytes: Memory.availableBytes)
        return JobTraining.draft(order, check, facts)
    }

    /// Chooses for an order: a pure function of what was measured.
    static func draft(_ order: JobOrder, _ check: JobCheck, _ facts: TuningFacts) -> Draft {
        let usual = order.isLegacy ? usualLegacyMultiplier : 1
        let multiplier = order.learningRateMultiplier ?? usual
        func given(_ key: String) -> Int? { order.settings.first { $0.key == key }.flatMap { Int($0.value) } }
        let wishes = TuningWishes(
            epochs: order.epochs ?? given("training.epochs"),
            batchSize: order.batchSize ?? given("training.batchSize"), learningRateFactor: multiplier / usual,
            stopsEarly: false, objective: order.objective)
        var choices = Tuning.choices(for: facts, wishes)
        if check.isRaw {
            choices.append(
                .init("data.template", "\"raw\"", "prompts and completions: nothing comes between them"))
        }
        for setting in order.settings {
            choices.removeAll { $0.key == setting.key }
            choices.append(.init(setting.key, setting.value, "chosen by you"))
        }
        func value(_ key: String) -> Int? { choices.last { $0.key == key }.flatMap { Int($0.value) } }
        let epochs = value("training.epochs") ?? 1
        let batchSize = (value("training.batchSize") ?? 1) * (value("training.accumulation") ?? 1)
        let perEpoch = max(1, (facts.rows + batchSize - 1) / batchSize)
        let steps = value("training.steps") ?? epochs * perEpoch
        let batchEvery = order.validation == nil ? nil : max(1, steps / batchMeasurements)
        var settings = [
            JobOrder.Setting("model.base", text(order.base)), .init("data.train", text(order.training)),
            order.validation.map { .init("data.validation", text($0)) } ?? .init("data.validationFraction", "0"),
            .init("data.promptLossWeight", "\(order.promptLossWeight ?? 0)"),
            .init("training.seed", "\(order.seed)"), .init("training.logEvery", "1"),
            .init("training.logAccuracy", "true"), .init("training.keepEpochs", "true"),
            .init("training.saveEvery", "\(max(leastStepsBetweenSaves, steps / savesPerRun))"),
        ]
        if let batchEvery { settings.append(.init("evaluation.batchEvery", "\(batchEvery)")) }
        if !order.samples.isEmpty {
            settings.append(
                .init("evaluation.samples", JSONOutput.array(order.samples.map { .string($0) }).serialized()))
            settings.append(.init("evaluation.asksSamples", "true"))
        }
        settings += choices.map { JobOrder.Setting($0.key, $0.value) }
        return Draft(
            settings: settings, choices: choices, epochs: epochs, batchSize: batchSize, multiplier: multiplier,
            batchEvery: batchEvery)
    }

    private static func text(_ value: String) -> String { JSONOutput.string(value).serialized() }

    private func reader(_ settings: [JobOrder.Setting]) throws -> ConfigReader {
        var reader = ConfigReader()
        for setting in settings {
            try reader.set(setting.key, toText: setting.value, source: "job", origin: "job")
        }
        return reader
    }

    private func plan(_ draft: Draft, _ run: TrainingRun) -> JobPlan {
        JobPlan(
            epochs: draft.epochs, batchSize: draft.batchSize, learningRateMultiplier: draft.multiplier,
            promptLossWeight: run.config.data.promptLossWeight, settings: draft.settings, choices: draft.choices,
            totalSteps: run.summary.totalSteps, stepsPerEpoch: run.summary.stepsPerEpoch,
            batchEvery: draft.batchEvery, precision: run.config.training.precision, kernel: run.summary.kernel,
            threads: run.summary.threads)
    }

    /// Classifies every row of the validation file.
    private func classMetrics(
        _ classes: JobOrder.Classes, _ run: TrainingRun
    ) throws -> (Transformer) throws -> [(key: String, value: JSONOutput)] {
        let documents = try run.config.readDocuments()
        let rows = documents[.validation]
        let labels = ClassLabels.find(documents[.train] + rows)
        let positive = classes.positive.flatMap { ClassLabels.index(of: $0, in: labels) }
        let template = run.config.data.template ?? documents.defaultTemplate ?? .raw
        let tokenizer = run.tokenizer
        return { model in
            let evaluator = try LabelEvaluator(model, tokenizer: tokenizer, template: template, labels: labels)
            let judged = try evaluator.classify(rows)
            let report = ClassificationReport(
                labels: labels.map { String(decoding: $0, as: UTF8.self) },
                rows: judged.map { ClassifiedRow(right: $0.right, probabilities: $0.probabilities) })
            return ClassMetrics.members(report, positive: positive, betas: classes.betas)
        }
    }
}

/// The numbers of a classifier as the older API names them.
enum ClassMetrics {
    /// - Parameter positive: of two classes, or of one and all others; nil for several classes.
    static func members(
        _ report: ClassificationReport, positive: Int?, betas: [Double]
    ) -> [(key: String, value: JSONOutput)] {
        guard let positive else {
            return [
                ("classification/accuracy", .number(report.accuracy)),
                ("classification/weighted_f1_score", .number(report.weightedF())),
            ]
        }
        // A row is positive if its probability is at least one half.
        var (right, falsely, missed, correct) = (0, 0, 0, 0)
        for row in report.rows {
            let (isPositive, isGiven) = (row.right == positive, row.probabilities[positive] >= 0.5)
            right += isPositive && isGiven ? 1 : 0
            falsely += !isPositive && isGiven ? 1 : 0
            missed += isPositive && !isGiven ? 1 : 0
            correct += isPositive == isGiven ? 1 : 0
        }
        func share(_ part: Int, _ all: Int) -> Double { all > 0 ? Double(part) / Double(all) : 0 }
        let (precision, recall) = (share(right, right + falsely), share(right, right + missed))
        let curve = report.curve(positive: positive)
        let f = betas.map { beta -> (key: String, value: JSONOutput) in
            let weighted = beta * beta * precision + recall
            let value = weighted > 0 ? (1 + beta * beta) * precision * recall / weighted : 0
            return ("classification/f\(beta)", .number(value))
        }
        return [
            ("classification/accuracy", .number(share(correct, report.rows.count))),
            ("classification/precision", .number(precision)), ("classification/recall", .number(recall)),
            ("classification/auroc", .real(curve.areaUnderROC)),
            ("classification/auprc", .real(curve.areaUnderPrecisionRecall)),
        ] + f
    }
}

extension TuningFacts {
    /// What a check has measured, on this machine.
    init(_ check: JobCheck, _ architecture: Architecture, availableBytes: Int?) {
        self.init(
            rows: check.rows, heldOut: check.heldOut, answerTokens: check.answerTokens, longestRow: check.longestRow,
            longestAnswer: check.longestAnswer, heldOutTokens: check.heldOutTokens, architecture: architecture,
            availableBytes: availableBytes)
    }
}
