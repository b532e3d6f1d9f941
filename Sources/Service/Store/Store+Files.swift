// Files in the database.

import Database

extension StoredFile {
    init(_ row: Row) throws(DatabaseError) {
        self.init(
            id: try row.text("id"), bytes: try row.integer("bytes"), created: try row.integer("created"),
            filename: try row.text("filename"), purpose: try row.text("purpose"),
            expires: try row.integer(ifPresent: "expires"), lines: try row.integer(ifPresent: "lines"),
            job: try row.text(ifPresent: "job"))
    }
}

extension Store {
    package func add(_ file: StoredFile) throws {
        try database.execute(
            "INSERT INTO files (id, bytes, created, filename, purpose, expires, lines, job) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            file.id, file.bytes, file.created, file.filename, file.purpose, file.expires, file.lines, file.job)
    }

    package func file(_ id: String) throws -> StoredFile? {
        try database.query("SELECT * FROM files WHERE id = ?", id).first.map { try StoredFile($0) }
    }

    /// - Parameter purpose: nil for every one.
    package func files(_ request: PageRequest, purpose: String? = nil) throws -> Page<StoredFile> {
        let rows =
            try purpose.map { try page("files", where: "purpose = ?", [$0], request) } ?? page("files", [], request)
        return Page(try rows.map { try StoredFile($0) }, limit: request.limit)
    }

    /// - Returns: whether it was there.
    package func removeFile(_ id: String) throws -> Bool {
        try database.execute("DELETE FROM files WHERE id = ?", id) > 0
    }

    /// Files whose time is over.
    package func expiredFiles() throws -> [String] {
        try database.query("SELECT id FROM files WHERE expires <= ?", now).map { try $0.text("id") }
    }

    package func fileIDs() throws -> Set<String> {
        Set(try database.query("SELECT id FROM files").map { try $0.text("id") })
    }
}
