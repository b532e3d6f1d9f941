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
        try set([("isComplete", "yes")])
        (result.documents, result.passages) = (try documentCount, try passageCount)
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

// MARK: Graph

extension DocumentIndex {
    private static let unused = "id NOT IN (SELECT vector FROM passages)"

    /// Brings the graph up to date with the vectors, and takes out those that nothing refers to.
    private func updateGraph() throws {
        let dead = try numbers("SELECT id FROM vectors WHERE inGraph = 1 AND \(DocumentIndex.unused)")
        let new = try numbers("SELECT id FROM vectors WHERE inGraph = 0 AND id IN (SELECT vector FROM passages)")
        let kept = try numbers("SELECT id FROM vectors WHERE inGraph = 1 AND id IN (SELECT vector FROM passages)")
        if dead.isEmpty, new.isEmpty, try storedGraph(room: 0) != nil { return }
        // Vectors that were taken out stay in the file: it is made again where they are as many as the others.
        let taken = Int(try fact("takenOut") ?? "") ?? 0
        let graph: VectorGraph
        var takenOut = taken + dead.count
        if takenOut <= kept.count, let stored = try storedGraph(room: new.count) {
            graph = stored
            for number in dead { graph.remove(number: number) }
            try add(new, to: graph)
        } else {
            graph = try VectorGraph(width: encoder.width, capacity: kept.count + new.count)
            takenOut = 0
            try add((kept + new).sorted(), to: graph)
        }
        try save(graph, takenOut: takenOut)
    }

    private func numbers(_ sql: String) throws -> [Int] {
        try database.query(sql + " ORDER BY id").map { try $0.integer("id") }
    }

    private func add(_ numbers: [Int], to graph: VectorGraph) throws {
        for number in numbers {
            guard let row = try database.query("SELECT vector FROM vectors WHERE id = ?", number).first else {
                continue
            }
            try graph.add(vector(row.blob("vector")), number: number)
        }
    }

    /// A new file first, then the database's word for it: after a stop between the two, the old file is still there.
    private func save(_ graph: VectorGraph, takenOut: Int) throws {
        let old = try fact("graph")
        let name = "vectors-\((Int(old?.dropFirst(8).prefix { $0 != "." } ?? "") ?? 0) + 1).hnsw"
        let path = folder + "/" + name
        try graph.save(to: path)
        let hash = try SHA256Digest.hex(ofFile: path)
        try database.transaction {
            try database.execute("DELETE FROM vectors WHERE \(DocumentIndex.unused)")
            try database.execute("UPDATE vectors SET inGraph = 1 WHERE inGraph = 0")
            try set([("graph", name), ("graphHash", hash), ("takenOut", "\(takenOut)")])
        }
        for file in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        where file.hasSuffix(".hnsw") && file != name {
            try? FileManager.default.removeItem(atPath: folder + "/" + file)
        }
        self.graph = graph
    }

    /// The graph of the file, where its bytes are those that were written.
    ///
    /// - Parameter room: how many vectors will be added.
    private func storedGraph(room: Int) throws -> VectorGraph? {
        guard let name = try fact("graph"), let hash = try fact("graphHash"),
            (try? SHA256Digest.hex(ofFile: folder + "/" + name)) == hash
        else { return nil }
        let count =
            try numbers("SELECT id FROM vectors WHERE inGraph = 1").count + (Int(try fact("takenOut") ?? "") ?? 0)
        return VectorGraph(path: folder + "/" + name, width: encoder.width, capacity: count + room)
    }

    /// The graph to search, made of the vectors again where its file is damaged.
    func openGraph() throws -> VectorGraph {
        if let graph { return graph }
        if let stored = try storedGraph(room: 0) {
            graph = stored
            return stored
        }
        let all = try numbers("SELECT id FROM vectors WHERE inGraph = 1")
        let made = try VectorGraph(width: encoder.width, capacity: all.count)
        try add(all, to: made)
        try save(made, takenOut: 0)
        return made
    }
}

// MARK: Vectors as bytes

extension DocumentIndex {
    static func ofLengthOne(_ vector: [Float]) -> [Float] {
        let length = vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        return vector.map { Float(Double($0) / max(length, 1e-12)) }
    }

    /// Little-endian floats.
    static func bytes(_ vector: [Float]) -> [UInt8] {
        vector.flatMap { value in withUnsafeBytes(of: value.bitPattern.littleEndian, Array.init) }
    }

    func vector(_ bytes: [UInt8]) throws -> [Float] {
        guard bytes.count == 4 * encoder.width else {
            throw DatabaseError.damaged(
                path: database.path, reason: "a vector has \(bytes.count) bytes, not \(4 * encoder.width)")
        }
        return bytes.withUnsafeBytes { raw in
            (0..<encoder.width).map {
                Float(bitPattern: UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)))
            }
        }
    }
}
