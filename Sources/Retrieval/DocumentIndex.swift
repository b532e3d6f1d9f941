// An index of documents: a folder with a database of passages, and the graph of their vectors.

import Checkpoint
import Database
import Foundation
import SentenceEncoder

/// Passages that are found by what they mean and by their words. One thread at a time.
///
/// The database is the truth: documents, passages, words and vectors. The graph can always be made of it again, and is where its
/// file does not have the hash that the database says. Vectors are kept under the hash of their text, so that what did not
/// change is never embedded twice, and what was embedded before a stop is not lost.
package final class DocumentIndex {
    package static let databaseName = "index.sqlite"

    package let folder: String
    package let encoder: SentenceEncoder
    let database: Database
    /// Read when the first question comes, and again when another process has written a newer one.
    var graph: (name: String, graph: VectorGraph)?

    private static let migrations = [
        """
        CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
        CREATE TABLE documents (
            id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, sha256 TEXT NOT NULL, place INTEGER NOT NULL) STRICT;
        CREATE TABLE vectors (
            id INTEGER PRIMARY KEY AUTOINCREMENT, sha256 TEXT NOT NULL UNIQUE, vector BLOB NOT NULL,
            inGraph INTEGER NOT NULL DEFAULT 0) STRICT;
        CREATE TABLE passages (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            document INTEGER NOT NULL REFERENCES documents(id),
            vector INTEGER NOT NULL REFERENCES vectors(id),
            firstLine INTEGER NOT NULL, lastLine INTEGER NOT NULL, headings TEXT NOT NULL, text TEXT NOT NULL) STRICT;
        CREATE INDEX passagesByDocument ON passages(document);
        CREATE INDEX passagesByVector ON passages(vector);
        CREATE VIRTUAL TABLE words USING fts5(searched, tokenize = "porter unicode61 remove_diacritics 2");
        """
    ]

    /// Opens an index, or makes an empty one where there is none.
    ///
    /// - Parameters:
    ///   - encoderName: what finds the encoder again: its name or its folder.
    ///   - encoder: the folder that this means.
    package convenience init(folder: String, creatingWith encoderName: String, encoder path: String) throws {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        if !names.isEmpty, !names.contains(DocumentIndex.databaseName) {
            throw RetrievalError.notAnIndex(path: folder)
        }
        // Before anything is made: a wrong folder must leave nothing.
        let first = names.isEmpty ? try SentenceEncoder(folder: path) : nil
        do { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) } catch {
            throw RetrievalError.unwritable(path: folder)
        }
        let database = try DocumentIndex.open(folder)
        let hash = try SHA256Digest.hex(ofFile: path + "/" + SentenceEncoder.weightsName)
        if let stored = try DocumentIndex.fact("encoderHash", database), stored != hash {
            throw RetrievalError.otherEncoder(
                path: folder, stored: try DocumentIndex.fact("encoder", database) ?? stored, given: encoderName)
        }
        try DocumentIndex.set([("encoder", encoderName), ("encoderHash", hash)], database)
        self.init(folder: folder, database: database, encoder: try first ?? SentenceEncoder(folder: path))
    }

    /// Opens an index to search it.
    ///
    /// - Parameter locate: the folder of the encoder that a name or a path means.
    package convenience init(folder: String, locate: (String) throws -> String) throws {
        guard FileManager.default.fileExists(atPath: folder + "/" + DocumentIndex.databaseName) else {
            throw RetrievalError.notAnIndex(path: folder)
        }
        let database = try DocumentIndex.open(folder)
        guard let name = try DocumentIndex.fact("encoder", database),
            try DocumentIndex.fact("isComplete", database) == "yes"
        else { throw RetrievalError.unfinished(path: folder) }
        let path = try locate(name)
        let hash = try SHA256Digest.hex(ofFile: path + "/" + SentenceEncoder.weightsName)
        guard try DocumentIndex.fact("encoderHash", database) == hash else {
            throw RetrievalError.otherEncoder(path: folder, stored: name, given: path)
        }
        self.init(folder: folder, database: database, encoder: try SentenceEncoder(folder: path))
    }

    private init(folder: String, database: Database, encoder: SentenceEncoder) {
        (self.folder, self.database, self.encoder) = (folder, database, encoder)
    }

    private static func open(_ folder: String) throws(DatabaseError) -> Database {
        try Database(path: folder + "/" + databaseName, migrations: migrations)
    }

    // MARK: Facts

    private static func fact(_ name: String, _ database: Database) throws(DatabaseError) -> String? {
        try database.query("SELECT value FROM facts WHERE name = ?", name).first?.text("value")
    }

    private static func set(_ facts: [(String, String)], _ database: Database) throws(DatabaseError) {
        for (name, value) in facts {
            try database.execute("INSERT OR REPLACE INTO facts (name, value) VALUES (?, ?)", name, value)
        }
    }

    func fact(_ name: String) throws(DatabaseError) -> String? { try DocumentIndex.fact(name, database) }

    func set(_ facts: [(String, String)]) throws(DatabaseError) { try DocumentIndex.set(facts, database) }

    /// How many rows a table has.
    private func count(_ table: String) throws(DatabaseError) -> Int {
        try database.query("SELECT count(*) AS n FROM \(table)").first?.integer("n") ?? 0
    }

    package var documentCount: Int { get throws(DatabaseError) { try count("documents") } }
    package var passageCount: Int { get throws(DatabaseError) { try count("passages") } }
}
