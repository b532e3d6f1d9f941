// Follows a run by its files, and writes what happens to the store: events of steps, and at the end models and results.

import Files
import Foundation
import Models
import StrictJSON
import Training

/// Follows one job. Telling the store the same thing again changes nothing, so that it may begin at any moment.
final class JobFollower {
    private let job: StoredJob
    private let folder: JobFolder
    private let settings: ServiceSettings
    private var metrics: RunMetrics
    private var plan: JobPlan?
    /// The last step that the store knows.
    private(set) var lastStep = 0
    private var isAtStart = true

    init(_ job: StoredJob, _ folder: JobFolder, _ settings: ServiceSettings) {
        (self.job, self.folder, self.settings) = (job, folder, settings)
        metrics = RunMetrics(path: settings.path(ofRun: job.id) + "/metrics.jsonl")
    }

    private var run: RunFolder { RunFolder(path: settings.path(ofRun: job.id)) }

    /// Tells the store of steps that are complete.
    ///
    /// - Parameter isOver: whether nothing will be added to the file any more.
    func follow(_ store: Store, isOver: Bool) throws {
        if plan == nil {
            guard let found = folder.plan else { return }
            var members = found.hyperparameters
            if job.isLegacy { members.append(("prompt_loss_weight", .number(found.promptLossWeight))) }
            try store.setResolved(job.id, JSONOutput.object(members).serialized())
            plan = found
        }
        guard let plan else { return }
        if isAtStart {
            lastStep = try store.lastPlace(of: job.isLegacy ? "epoch" : "step", job: job.id) ?? 0
            if job.isLegacy { lastStep = lastStep * max(1, plan.stepsPerEpoch) }
            isAtStart = false
        }
        metrics.read()
        try store.add(warnings(), of: job.id)
        guard metrics.lastStep > lastStep else { return }
        var events: [NewEvent] = []
        var step = lastStep
        while step < metrics.lastStep, let next = metrics.steps[step + 1] {
            // What was not measured where it was planned will not come any more once there is a later step.
            guard next.isComplete(plan) || step + 1 < metrics.lastStep || (isOver && next.hasTraining) else { break }
            step += 1
            if !job.isLegacy {
                events.append(JobEvents.step(next, totalSteps: plan.totalSteps))
            } else if plan.isEndOfEpoch(step) {
                let epoch = (step + max(1, plan.stepsPerEpoch) - 1) / max(1, plan.stepsPerEpoch)
                events.append(JobEvents.epoch(epoch, of: plan.epochs))
            }
        }
        try store.add(events, of: job.id)
        lastStep = step
    }

    /// What the run has warned of.
    private func warnings() -> [NewEvent] {
        RunLines.read(run.file(RunTroubles.warnings)).compactMap { line in
            guard let kind = line.object["warning"]?.string, let text = line.object["text"]?.string else { return nil }
            return JobEvents.warning(kind, step: line.step, text)
        }
    }

    /// Enters the models, the checkpoints and the results of a run that is at its end.
    ///
    /// - Throws: `JobFailure` where that can never be done; anything else, a full disk say, may work later.
    func finish(_ job: StoredJob, _ outcome: JobOutcome, _ store: Store) throws {
        try follow(store, isOver: true)
        guard let plan else { throw JobFailure(code: "server_error", message: "The job's plan is missing.") }
        let path = run.checkpoint(step: outcome.steps)
        guard FileManager.default.fileExists(atPath: path) else {
            throw JobFailure(code: "server_error", message: "The tuned model's file is missing.")
        }
        let steps = (1...max(1, outcome.steps)).compactMap { metrics.steps[$0] }
        let models = try models(job, plan, outcome, store)
        let file = try writeResults(job, steps, store)
        let final = models[models.count - 1]
        var events = models.dropLast().map { JobEvents.checkpoint(step: $0.step, model: $0.name) }
        events += JobEvents.succeeded(job, model: final.name, file: file.id)
        let moved = try store.move(job.id, from: [.running, .pausing], to: .succeeded, events: events) {
            for model in models {
                try store.insert(model)
                if job.isLegacy { continue }
                let numbers = metrics.steps[model.step] ?? StepMetrics(step: model.step)
                try store.insert(
                    StoredCheckpoint(
                        id: Identifier.new("ftckpt_"), job: job.id, created: store.now, step: model.step,
                        model: model.name,
                        metrics: JSONOutput.object(numbers.members(totalSteps: nil)).serialized()))
            }
            try store.add(file)
            try store.setResult(
                job.id, model: final.name, tokens: steps.reduce(0) { $0 + $1.tokens }, file: file.id)
        }
        if !moved { try? FileManager.default.removeItem(atPath: settings.path(ofFile: file.id)) }
    }

    /// The models of earlier epochs, and the last one.
    private func models(
        _ job: StoredJob, _ plan: JobPlan, _ outcome: JobOutcome, _ store: Store
    ) throws -> [StoredModel] {
        func model(_ name: String, step: Int, isCheckpoint: Bool) -> StoredModel {
            StoredModel(
                name: name, created: store.now, job: job.id, step: step, isCheckpoint: isCheckpoint,
                path: run.checkpoint(step: step), base: job.base)
        }
        guard !job.isLegacy else {
            var time = store.now
            func name() -> String {
                ModelNames.legacyName(
                    base: job.model, organization: settings.organization, suffix: job.suffix, time: time)
            }
            while try store.model(name()) != nil { time += 1 }
            return [model(name(), step: outcome.steps, isCheckpoint: false)]
        }
        func name() -> String {
            ModelNames.name(
                base: job.model, organization: settings.organization, suffix: job.suffix, id: Identifier.random(8))
        }
        let earlier = run.checkpointSteps().filter { $0 < outcome.steps && plan.isEndOfEpoch($0) }
        return earlier.map { model("\(name()):ckpt-step-\($0)", step: $0, isCheckpoint: true) }
            + [model(name(), step: outcome.steps, isCheckpoint: false)]
    }

    /// Writes the table of results. A service that ends before the store knows of it leaves a file without a row, which
    /// the next one removes.
    private func writeResults(_ job: StoredJob, _ steps: [StepMetrics], _ store: Store) throws -> StoredFile {
        let table =
            job.isLegacy
            ? ResultTable.legacyTable(steps, classColumns: ResultTable.classColumns(folder.order?.classes))
            : ResultTable.table(steps)
        let id = Identifier.new("file-")
        try AtomicFile.write(table, to: settings.path(ofFile: id))
        return StoredFile(
            id: id, bytes: table.utf8.count, created: store.now,
            filename: job.isLegacy ? "compiled_results.csv" : "step_metrics.csv", purpose: "fine-tune-results",
            expires: nil, lines: steps.count + 1, job: job.id)
    }
}
