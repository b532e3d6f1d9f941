// The events of jobs, in the words of both generations of the API.

import Foundation
import StrictJSON

/// Kinds of events tell them from each other; the same kind and place is the same event.
enum JobEvents {
    static func created(_ job: StoredJob) -> [NewEvent] {
        let alias =
            job.model == job.base
            ? [] : [NewEvent("alias", "The model \(job.model) is \(job.base) here")]
        guard !job.isLegacy else {
            return [NewEvent("created", "Created fine-tune: \(job.id)")] + alias
                + [NewEvent("costs", "Fine-tune costs $0.00")]
        }
        let validation = job.validationFile.map { " and validation file: \($0)" } ?? ""
        return [NewEvent("created", "Created fine-tuning job: \(job.id)")] + alias
            + [NewEvent("validating", "Validating training file: \(job.trainingFile)\(validation)")]
    }

    /// - Parameter ahead: jobs that come before it.
    static func validated(_ job: StoredJob, notes: [String], ahead: Int) -> [NewEvent] {
        notes.enumerated().map { NewEvent("note", place: $0, level: "warn", "Note: \($1)") }
            + [
                job.isLegacy
                    ? NewEvent("validated", "Fine-tune enqueued. Queue number: \(ahead)")
                    : NewEvent("validated", "Files validated, moving job to queued state")
            ]
    }

    static func started(_ job: StoredJob) -> NewEvent {
        job.isLegacy
            ? NewEvent("started", "Fine-tune started") : NewEvent("started", "Fine-tuning job started", data: nil)
    }

    static func step(_ metrics: StepMetrics, totalSteps: Int) -> NewEvent {
        NewEvent(
            "step", place: metrics.step, type: "metrics", metrics.message(totalSteps: totalSteps),
            data: JSONOutput.object(metrics.members(totalSteps: totalSteps)).serialized())
    }

    /// Of the older API.
    static func epoch(_ number: Int, of count: Int) -> NewEvent {
        NewEvent("epoch", place: number, "Completed epoch \(number)/\(count)")
    }

    static func checkpoint(step: Int, model: String) -> NewEvent {
        NewEvent("checkpoint", place: step, "Checkpoint created at step \(step) with Snapshot ID: \(model)")
    }

    /// Of the run: what goes wrong, why, and what to do.
    static func warning(_ kind: String, step: Int, _ text: String) -> NewEvent {
        NewEvent("warning: " + kind, place: step, level: "warn", "Step \(step): \(text)")
    }

    static func succeeded(_ job: StoredJob, model: String, file: String) -> [NewEvent] {
        guard !job.isLegacy else {
            return [
                NewEvent("model", "Uploaded model: \(model)"), NewEvent("file", "Uploaded result file: \(file)"),
                NewEvent("end", "Fine-tune succeeded"),
            ]
        }
        return [
            NewEvent("model", "New fine-tuned model created: \(model)"),
            NewEvent("end", "The job has successfully completed"),
        ]
    }

    static func failed(_ job: StoredJob, _ failure: JobFailure) -> NewEvent {
        NewEvent(
            "end", level: "error", job.isLegacy ? "Fine-tune failed. \(failure.message)" : failure.message)
    }

    static func cancelled(_ job: StoredJob) -> NewEvent {
        NewEvent("end", job.isLegacy ? "Fine-tune cancelled" : "The job has been cancelled")
    }

    static func paused(_ number: Int) -> NewEvent {
        NewEvent("paused", place: number, "The job has been paused; it continues when it is resumed")
    }

    static func resumed(_ number: Int) -> NewEvent {
        NewEvent("resumed", place: number, "The job has been resumed and is queued")
    }

    static func restarted(_ number: Int, step: Int) -> NewEvent {
        NewEvent(
            "restarted", place: number, level: "warn",
            "The training process ended unexpectedly after step \(step) and is started again")
    }
}
