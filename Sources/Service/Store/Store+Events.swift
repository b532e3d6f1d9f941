// Events, checkpoints and models in the database.

import Database

extension StoredEvent {
    init(_ row: Row) throws(DatabaseError) {
        self.init(
            id: try row.text("id"), job: try row.text("job"), created: try row.integer("created"),
            level: try row.text("level"), type: try row.text("type"), message: try row.text("message"),
            data: try row.text(ifPresent: "data"))
    }
}

extension StoredCheckpoint {
    init(_ row: Row) throws(DatabaseError) {
        self.init(
            id: try row.text("id"), job: try row.text("job"), created: try row.integer("created"),
            step: try row.integer("step"), model: try row.text("model"), metrics: try row.text("metrics"))
    }
}

extension StoredModel {
    init(_ row: Row) throws(DatabaseError) {
        self.init(
            name: try row.text("name"), created: try row.integer("created"), job: try row.text("job"),
            step: try row.integer("step"), isCheckpoint: try row.bool("isCheckpoint"), path: try row.text("path"),
            base: try row.text("base"))
    }
}

extension Store {
    /// Adds events, in order; those that are there already stay as they are. Of a job that was cancelled nothing more is
    /// told, though its process may need a moment to end.
    package func add(_ events: [NewEvent], of id: String) throws {
        guard !events.isEmpty else { return }
        try transaction {
            guard try job(id)?.phase.isCancelled == false else { return }
            try insert(events, of: id)
        }
    }

    /// The same inside of a transaction.
    func insert(_ events: [NewEvent], of job: String) throws {
        for event in events {
            try database.execute(
                """
                INSERT INTO events (id, job, kind, place, created, level, type, message, data)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (job, kind, place) DO NOTHING
                """, Identifier.new("ftevent-"), job, event.kind, event.place, now, event.level, event.type,
                event.message, event.data)
        }
    }

    package func events(of job: String, _ request: PageRequest) throws -> Page<StoredEvent> {
        let rows = try page("events", where: "job = ?", [job], request)
        return Page(try rows.map { try StoredEvent($0) }, limit: request.limit)
    }

    /// All events, the oldest first.
    ///
    /// - Parameter type: nil for every one.
    package func events(of job: String, type: String? = nil) throws -> [StoredEvent] {
        try database.query(
            "SELECT * FROM events WHERE job = ? AND (? IS NULL OR type = ?) ORDER BY number", job, type, type
        ).map { try StoredEvent($0) }
    }

    /// Events after the first `count` ones, the oldest first.
    func events(of job: String, skipping count: Int) throws -> [StoredEvent] {
        try database.query(
            "SELECT * FROM events WHERE job = ? ORDER BY number LIMIT -1 OFFSET ?", job, count
        ).map { try StoredEvent($0) }
    }

    /// The largest place of a kind of event; nil where there is none.
    func lastPlace(of kind: String, job: String) throws -> Int? {
        try database.query("SELECT max(place) AS place FROM events WHERE job = ? AND kind = ?", job, kind).first?
            .integer(ifPresent: "place")
    }

    func insert(_ checkpoint: StoredCheckpoint) throws {
        try database.execute(
            "INSERT INTO checkpoints (id, job, created, step, model, metrics) VALUES (?, ?, ?, ?, ?, ?)",
            checkpoint.id, checkpoint.job, checkpoint.created, checkpoint.step, checkpoint.model, checkpoint.metrics)
    }

    package func checkpoints(of job: String, _ request: PageRequest) throws -> Page<StoredCheckpoint> {
        let rows = try page("checkpoints", where: "job = ?", [job], request)
        return Page(try rows.map { try StoredCheckpoint($0) }, limit: request.limit)
    }

    func insert(_ model: StoredModel) throws {
        try database.execute(
            "INSERT INTO models (name, created, job, step, isCheckpoint, path, base) VALUES (?, ?, ?, ?, ?, ?, ?)",
            model.name, model.created, model.job, model.step, model.isCheckpoint, model.path, model.base)
    }

    /// The model of this name; names differ in more than their letters' case, which clients of old change.
    package func model(_ name: String) throws -> StoredModel? {
        let exact = try database.query("SELECT * FROM models WHERE name = ?", name)
        let found = try exact.first ?? database.query("SELECT * FROM models WHERE lower(name) = lower(?)", name).first
        return try found.map { try StoredModel($0) }
    }

    /// All models, the newest first; the checkpoints of a job after its last model.
    package func models() throws -> [StoredModel] {
        try database.query(
            "SELECT * FROM models ORDER BY (SELECT number FROM jobs WHERE id = models.job) DESC, isCheckpoint, step DESC"
        ).map { try StoredModel($0) }
    }

    package func removeModel(_ name: String) throws -> Bool {
        try database.execute("DELETE FROM models WHERE name = ?", name) > 0
    }
}
