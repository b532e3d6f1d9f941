// Jobs in the database, and their way through the queue.

import Database

extension StoredJob {
    init(_ row: Row) throws(DatabaseError) {
        func unknown(_ column: String, _ text: String) -> DatabaseError {
            .wrongType(column: column, expected: "a known word", found: text)
        }
        let (generation, phase) = (try row.text("generation"), try row.text("phase"))
        guard let known = Generation(rawValue: generation) else { throw unknown("generation", generation) }
        guard let place = JobPhase(rawValue: phase) else { throw unknown("phase", phase) }
        self.init(
            id: try row.text("id"), generation: known, created: try row.integer("created"),
            updated: try row.integer("updated"), started: try row.integer(ifPresent: "started"),
            finished: try row.integer(ifPresent: "finished"), phase: place, model: try row.text("model"),
            base: try row.text("base"), trainingFile: try row.text("trainingFile"),
            validationFile: try row.text(ifPresent: "validationFile"), suffix: try row.text(ifPresent: "suffix"),
            seed: try row.integer("seed"), asked: try row.text("asked"), resolved: try row.text(ifPresent: "resolved"),
            metadata: try row.text(ifPresent: "metadata"), options: try row.text("options"),
            fineTunedModel: try row.text(ifPresent: "fineTunedModel"),
            trainedTokens: try row.integer(ifPresent: "trainedTokens"),
            resultFile: try row.text(ifPresent: "resultFile"), errorCode: try row.text(ifPresent: "errorCode"),
            errorMessage: try row.text(ifPresent: "errorMessage"), errorParam: try row.text(ifPresent: "errorParam"))
    }
}

extension Store {
    /// Adds a job, inside of a transaction.
    ///
    /// - Parameter labels: the pairs of its metadata, by which it is found.
    func insert(_ job: StoredJob, labels: [(key: String, value: String)] = []) throws {
        try database.execute(
            """
            INSERT INTO jobs (id, generation, created, updated, phase, place, model, base, trainingFile,
                validationFile, suffix, seed, asked, metadata, options)
            VALUES (?, ?, ?, ?, ?, (SELECT coalesce(max(place), 0) + 1 FROM jobs), ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """, job.id, job.generation.rawValue, job.created, job.updated, job.phase.rawValue, job.model, job.base,
            job.trainingFile, job.validationFile, job.suffix, job.seed, job.asked, job.metadata, job.options)
        for label in labels {
            try database.execute(
                "INSERT INTO labels (job, key, value) VALUES (?, ?, ?)", job.id, label.key, label.value)
        }
    }

    package func job(_ id: String) throws -> StoredJob? {
        try database.query("SELECT * FROM jobs WHERE id = ?", id).first.map { try StoredJob($0) }
    }

    /// - Parameter labels: pairs of metadata that all must be there.
    package func jobs(
        _ generation: StoredJob.Generation, _ request: PageRequest, labels: [(key: String, value: String)] = []
    ) throws -> Page<StoredJob> {
        var (condition, values) = ("generation = ?", [generation.rawValue] as [any DatabaseConvertible])
        for label in labels {
            condition += " AND EXISTS (SELECT 1 FROM labels WHERE job = jobs.id AND key = ? AND value = ?)"
            values += [label.key, label.value]
        }
        let rows = try page("jobs", where: condition, values, request)
        return Page(try rows.map { try StoredJob($0) }, limit: request.limit)
    }

    /// All jobs in some phases, in the order of the queue.
    package func jobs(in phases: [JobPhase]) throws -> [StoredJob] {
        let marks = phases.map { _ in "?" }.joined(separator: ", ")
        return try database.query(
            "SELECT * FROM jobs WHERE phase IN (\(marks)) ORDER BY place, number", values: phases.map(\.rawValue)
        ).map { try StoredJob($0) }
    }

    /// How many jobs are in each phase.
    package func jobCounts() throws -> [JobPhase: Int] {
        var counts: [JobPhase: Int] = [:]
        for row in try database.query("SELECT phase, count(*) AS count FROM jobs GROUP BY phase") {
            guard let phase = JobPhase(rawValue: try row.text("phase")) else { continue }
            counts[phase] = try row.integer("count")
        }
        return counts
    }

    /// Moves a job from one of some phases to another, all or nothing, with what happens at the same time.
    ///
    /// - Parameter also: further changes of the same transaction.
    /// - Returns: whether it was in one of the phases.
    @discardableResult
    package func move(
        _ id: String, from phases: [JobPhase], to phase: JobPhase, events: [NewEvent] = [],
        also: () throws -> Void = {}
    ) throws -> Bool {
        try transaction {
            let marks = phases.map { _ in "?" }.joined(separator: ", ")
            let values: [any DatabaseConvertible] =
                [phase.rawValue, now, phase.isOver || phase == .cancelling, now, id]
                + phases.map { $0.rawValue as any DatabaseConvertible }
            let changed = try database.execute(
                "UPDATE jobs SET phase = ?, updated = ?, finished = CASE WHEN ? THEN coalesce(finished, ?) ELSE finished END WHERE id = ? AND phase IN (\(marks))",
                values: values)
            guard changed > 0 else { return false }
            try insert(events, of: id)
            try also()
            return true
        }
    }

    /// Puts a job at the end of the queue.
    func queueAgain(_ id: String) throws {
        try database.execute("UPDATE jobs SET place = (SELECT max(place) + 1 FROM jobs) WHERE id = ?", id)
    }

    func setStarted(_ id: String) throws {
        try database.execute("UPDATE jobs SET started = coalesce(started, ?) WHERE id = ?", now, id)
    }

    func setResolved(_ id: String, _ json: String) throws {
        try database.execute("UPDATE jobs SET resolved = ?, updated = ? WHERE id = ?", json, now, id)
    }

    func setError(_ id: String, code: String, message: String, param: String?) throws {
        try database.execute(
            "UPDATE jobs SET errorCode = ?, errorMessage = ?, errorParam = ? WHERE id = ?", code, message, param, id)
    }

    func setResult(_ id: String, model: String, tokens: Int, file: String) throws {
        try database.execute(
            "UPDATE jobs SET fineTunedModel = ?, trainedTokens = ?, resultFile = ? WHERE id = ?", model, tokens, file,
            id)
    }
}
