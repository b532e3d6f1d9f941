// Brings an index up to date with its documents.

import Checkpoint
import Database
import Foundation

/// What an update did.
package struct IndexUpdate: Sendable, Equatable {
    package var documents = 0
    package var passages = 0
    package var added = 0
    package var changed = 0
    package var removed = 0
    package var unchanged = 0
    /// Passages whose vectors were computed.
    package var embedded = 0
}

extension DocumentIndex {
    /// Passages that are embedded and written at a time.
    private static let batch = 256

    /// Makes the index one of exactly these documents. A document whose bytes are as before is not read further; of one that
    /// changed, only new texts are embedded.
    ///
    /// - Parameter progress: called with the documents that are done and the passages embedded so far.
    package func update(
        _ files: [DocumentFile], progress: (_ documents: Int, _ embedded: Int) -> Void = { _, _ in }
    ) throws -> IndexUpdate {
        var result = IndexUpdate()
        try set([("isComplete", "no")])
        var known: [String: String] = [:]
        for row in try database.query("SELECT path, sha256 FROM documents") {
            known[try row.text("path")] = try row.text("sha256")
        }
        let cutter = PassageCutter()
        for (place, file) in files.enumerated() {
            let bytes = try file.bytes()
            let hash = SHA256Digest.hex(of: Array("\(PassageCutter.version) \(file.kind)\n".utf8) + bytes)
            let stored = known.removeValue(forKey: file.path)
            if stored == hash {
                result.unchanged += 1
                try database.execute("UPDATE documents SET place = ? WHERE path = ?", place, file.path)
            } else {
                let passages = try cutter.passages(of: bytes, file.kind, path: file.path)
                try embed(passages.map(\.searched)) { count in
                    result.embedded += count
                    progress(place, result.embedded)
                }
                try store(file, hash, place, passages)
                if stored == nil { result.added += 1 } else { result.changed += 1 }
            }
            progress(place + 1, result.embedded)
        }
        for path in known.keys.sorted() {
            try database.transaction { try remove(path) }
            result.removed += 1
        }
        try updateGraph()
        (result.documents, result.passages) = (try documentCount, try passageCount)
        // A search asks for the number; counting takes longer than the search.
        try set([("isComplete", "yes"), ("passages", "\(result.passages)")])
        return result
    }

    /// Computes and stores the vectors that are not there yet.
    private func embed(_ texts: [String], progress: (Int) -> Void) throws {
        var (waiting, seen): ([(hash: String, text: String)], Set<String>) = ([], [])
        func work() throws {
            guard !waiting.isEmpty else { return }
            let vectors = encoder.vectors(of: waiting.map { Array($0.text.utf8) })
            try database.transaction {
                for (item, vector) in zip(waiting, vectors) {
                    try database.execute(
                        "INSERT INTO vectors (sha256, vector) VALUES (?, ?)", item.hash,
                        DocumentIndex.bytes(DocumentIndex.ofLengthOne(vector)))
                }
            }
            progress(waiting.count)
            waiting = []
        }
        for text in texts {
            let hash = SHA256Digest.hex(of: Array(text.utf8))
            guard seen.insert(hash).inserted,
                try database.query("SELECT 1 AS one FROM vectors WHERE sha256 = ?", hash).isEmpty
            else { continue }
            waiting.append((hash, text))
            if waiting.count == DocumentIndex.batch { try work() }
        }
        try work()
    }

    /// Puts a document's passages in the place of those that it had.
    private func store(_ file: DocumentFile, _ hash: String, _ place: Int, _ passages: [Passage]) throws {
        try database.transaction {
            try remove(file.path)
            try database.execute(
                "INSERT INTO documents (path, sha256, place) VALUES (?, ?, ?)", file.path, hash, place)
            guard let document = try database.query("SELECT id FROM documents WHERE path = ?", file.path).first
            else { return }
            let id = try document.integer("id")
            for passage in passages {
                let searched = passage.searched
                try database.execute(
                    """
                    INSERT INTO passages (document, vector, firstLine, lastLine, headings, text)
                    SELECT ?, id, ?, ?, ?, ? FROM vectors WHERE sha256 = ?
                    """, id, passage.lines.lowerBound, passage.lines.upperBound,
                    passage.headings.joined(separator: Passage.headingMark), passage.text,
                    SHA256Digest.hex(of: Array(searched.utf8)))
                try database.execute("INSERT INTO words (rowid, searched) VALUES (last_insert_rowid(), ?)", searched)
            }
        }
    }

    private func remove(_ path: String) throws(DatabaseError) {
        let ofDocument = "(SELECT id FROM passages WHERE document = (SELECT id FROM documents WHERE path = ?))"
        try database.execute("DELETE FROM words WHERE rowid IN \(ofDocument)", path)
        try database.execute("DELETE FROM passages WHERE document = (SELECT id FROM documents WHERE path = ?)", path)
        try database.execute("DELETE FROM documents WHERE path = ?", path)
    }
}
