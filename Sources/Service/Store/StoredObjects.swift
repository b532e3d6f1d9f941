// What the service keeps of files, jobs, events, checkpoints and models.

import Database

/// An uploaded file, or one that a job has made. Its bytes are in `files/<id>`.
package struct StoredFile: Sendable, Equatable {
    package var id: String
    package var bytes: Int
    package var created: Int
    /// As the client named it; only shown.
    package var filename: String
    package var purpose: String
    package var expires: Int?
    /// Lines, where they were counted.
    package var lines: Int?
    /// The job whose result it is.
    package var job: String?
}

/// Where a job is. `JobStatus` is what clients are told.
package enum JobPhase: String, Sendable, CaseIterable {
    case validating, queued, running, pausing, paused, cancelling, succeeded, failed, cancelled

    package var isOver: Bool { self == .succeeded || self == .failed || self == .cancelled }
    var isCancelled: Bool { self == .cancelling || self == .cancelled }
}

/// A fine-tuning job of either generation of the API.
package struct StoredJob: Sendable, Equatable {
    package enum Generation: String, Sendable { case jobs, fineTunes = "fine-tunes" }

    package var id: String
    package var generation: Generation
    package var created: Int
    package var updated: Int
    /// When training began and when the job ended.
    package var started: Int?
    package var finished: Int?
    package var phase: JobPhase
    /// The model as the request names it, and the local model that it is.
    package var model: String
    package var base: String
    package var trainingFile: String
    package var validationFile: String?
    package var suffix: String?
    package var seed: Int
    /// JSON objects: hyperparameters as asked for, as they were resolved, metadata, and everything else that was asked
    /// for.
    package var asked: String
    package var resolved: String?
    package var metadata: String?
    package var options: String
    package var fineTunedModel: String?
    package var trainedTokens: Int?
    package var resultFile: String?
    package var errorCode: String?
    package var errorMessage: String?
    package var errorParam: String?

    package var isLegacy: Bool { generation == .fineTunes }
}

/// Something that happened to a job.
package struct StoredEvent: Sendable, Equatable {
    package var id: String
    package var job: String
    package var created: Int
    package var level: String
    package var type: String
    package var message: String
    /// A JSON object.
    package var data: String?
}

/// An event before it is stored. Of events of a job with the same kind and place only the first is kept, so that telling
/// one twice does no harm.
package struct NewEvent: Sendable, Equatable {
    package var kind: String
    package var place: Int
    package var level: String
    package var type: String
    package var message: String
    package var data: String?

    package init(
        _ kind: String, place: Int = 0, level: String = "info", type: String = "message", _ message: String,
        data: String? = "{}"
    ) {
        (self.kind, self.place, self.level) = (kind, place, level)
        (self.type, self.message, self.data) = (type, message, data)
    }
}

/// A model at the end of an epoch.
package struct StoredCheckpoint: Sendable, Equatable {
    package var id: String
    package var job: String
    package var created: Int
    package var step: Int
    package var model: String
    /// A JSON object.
    package var metrics: String
}

/// A model that a job has made: the last one, or that of an earlier epoch.
package struct StoredModel: Sendable, Equatable {
    package var name: String
    package var created: Int
    package var job: String
    package var step: Int
    package var isCheckpoint: Bool
    package var path: String
    package var base: String
}
