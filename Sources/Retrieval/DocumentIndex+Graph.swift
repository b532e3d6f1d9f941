// The graph of an index's vectors: what is searched by meaning.

import Checkpoint
import Database
import Foundation

extension DocumentIndex {
    private static let unused = "id NOT IN (SELECT vector FROM passages)"

    /// Brings the graph up to date with the vectors, and takes out those that nothing refers to.
    func updateGraph() throws {
        let dead = try numbers("SELECT id FROM vectors WHERE inGraph = 1 AND \(DocumentIndex.unused)")
        let new = try numbers("SELECT id FROM vectors WHERE inGraph = 0 AND id IN (SELECT vector FROM passages)")
        let kept = try numbers("SELECT id FROM vectors WHERE inGraph = 1 AND id IN (SELECT vector FROM passages)")
        if dead.isEmpty, new.isEmpty, try storedGraph(room: 0) != nil { return }
        // Vectors that were taken out stay in the file: it is made again where they are as many as the others.
        let taken = Int(try fact("takenOut") ?? "") ?? 0
        let graph: VectorGraph
        var takenOut = taken + dead.count
        if takenOut <= kept.count, let stored = try storedGraph(room: new.count) {
            graph = stored.graph
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
        self.graph = (name, graph)
    }

    /// The graph of the file, where its bytes are those that were written.
    ///
    /// - Parameter room: how many vectors will be added.
    private func storedGraph(room: Int) throws -> (name: String, graph: VectorGraph)? {
        guard let name = try fact("graph"), let hash = try fact("graphHash"),
            (try? SHA256Digest.hex(ofFile: folder + "/" + name)) == hash
        else { return nil }
        let count =
            try numbers("SELECT id FROM vectors WHERE inGraph = 1").count + (Int(try fact("takenOut") ?? "") ?? 0)
        return VectorGraph(path: folder + "/" + name, width: encoder.width, capacity: count + room).map { (name, $0) }
    }

    /// The graph to search, made of the vectors again where its file is damaged.
    func openGraph() throws -> VectorGraph {
        let name = try fact("graph")
        if let graph, graph.name == name { return graph.graph }
        if let stored = try storedGraph(room: 0) {
            graph = stored
            return stored.graph
        }
        // Another process may just have written a newer one.
        guard try fact("graph") == name else { return try openGraph() }
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
