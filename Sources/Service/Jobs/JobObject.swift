// A job, an event and a checkpoint as the newer API writes them.

import Foundation
import StrictJSON

enum JobObject {
    /// The statuses that clients know; there is none for a job that is paused.
    static func status(_ job: StoredJob) -> String {
        switch job.phase {
        case .validating: "validating_files"
        case .queued: job.started == nil ? "queued" : "running"
        case .paused: job.started == nil ? "queued" : "running"
        case .running, .pausing: "running"
        case .cancelling, .cancelled: "cancelled"
        case .succeeded: "succeeded"
        case .failed: "failed"
        }
    }

    /// - Parameter progress: Luthier's own member.
    static func json(_ job: StoredJob, progress: JSONOutput) -> JSONOutput {
        let (stored, hyperparameters) = (job.resolved ?? job.asked, JSONOutput(stored: job.resolved ?? job.asked))
        // Only preference jobs have one.
        let hasBeta = (try? JSONText.parse(Array(stored.utf8)))?.object?["beta"] != nil
        let type = hasBeta ? JobCreation.Method.dpo.rawValue : JobCreation.Method.supervised.rawValue
        let parameters: JSONOutput = ["hyperparameters": hyperparameters]
        return [
            "object": "fine_tuning.job", "id": .string(job.id), "model": .string(job.model),
            "created_at": .integer(job.created), "finished_at": .count(job.finished),
            "fine_tuned_model": .text(job.fineTunedModel), "organization_id": "org-local",
            "result_files": .array(job.resultFile.map { [.string($0)] } ?? []), "status": .string(status(job)),
            "validation_file": .text(job.validationFile), "training_file": .string(job.trainingFile),
            "hyperparameters": hyperparameters, "trained_tokens": .count(job.trainedTokens),
            // An object in healthy jobs too, as OpenAI sends it.
            "error": [
                "code": .text(job.errorCode), "message": .text(job.errorMessage), "param": .text(job.errorParam),
            ],
            "user_provided_suffix": .text(job.suffix), "seed": .integer(job.seed), "estimated_finish": .null,
            "integrations": [], "metadata": JSONOutput(stored: job.metadata), "usage_metrics": .null,
            "shared_with_openai": false,
            "method": .object([("type", .string(type)), (type, parameters)]),
            "luthier": progress,
        ]
    }

    static func json(_ event: StoredEvent) -> JSONOutput {
        [
            "object": "fine_tuning.job.event", "id": .string(event.id), "created_at": .integer(event.created),
            "level": .string(event.level), "message": .string(event.message), "data": JSONOutput(stored: event.data),
            "type": .string(event.type),
        ]
    }

    static func json(_ checkpoint: StoredCheckpoint) -> JSONOutput {
        [
            "object": "fine_tuning.job.checkpoint", "id": .string(checkpoint.id),
            "created_at": .integer(checkpoint.created), "fine_tuned_model_checkpoint": .string(checkpoint.model),
            "fine_tuning_job_id": .string(checkpoint.job), "metrics": JSONOutput(stored: checkpoint.metrics),
            "step_number": .integer(checkpoint.step),
        ]
    }
}
