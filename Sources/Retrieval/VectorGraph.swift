// The nearest of many vectors, found by hnswlib without a look at all of them.

import CHNSW

/// Vectors of length 1 under numbers. One thread at a time.
///
/// hnswlib and not FAISS: both are in Debian; hnswlib is a few headers that become part of the program and takes single vectors
/// out, which FAISS's graph cannot (github.com/facebookresearch/faiss, Faiss indexes), and brings no threads.
package final class VectorGraph {
    /// Links of a vector: M of Malkov & Yashunin (2018).
    private static let linkCount: UInt64 = 16
    /// Neighbours that are looked at for a new vector: efConstruction.
    private static let insertionEffort: UInt64 = 200
    /// Neighbours that a search looks at, at least: ef.
    package static let searchEffort = 200

    package let width: Int
    private let handle: OpaquePointer

    /// An empty graph.
    package init(width: Int, capacity: Int) throws(RetrievalError) {
        guard
            let handle = luthier_graph_make(
                UInt64(width), UInt64(max(1, capacity)), VectorGraph.linkCount, VectorGraph.insertionEffort)
        else { throw .noMemory(vectors: capacity, width: width) }
        (self.width, self.handle) = (width, handle)
    }

    /// Reads a graph; nil where the file is not one. Its bytes must be those that `save` wrote.
    package init?(path: String, width: Int, capacity: Int) {
        guard let handle = luthier_graph_load(path, UInt64(width), UInt64(max(1, capacity))) else { return nil }
        (self.width, self.handle) = (width, handle)
    }

    deinit { luthier_graph_free(handle) }

    package func add(_ vector: [Float], number: Int) throws(RetrievalError) {
        precondition(vector.count == width, "a vector of \(vector.count) in a graph of \(width)")
        guard luthier_graph_add(handle, vector, UInt64(number)) == 0 else {
            throw .noMemory(vectors: 1, width: width)
        }
    }

    /// Takes a vector out of all answers. Nothing happens where no vector has this number.
    package func remove(number: Int) { _ = luthier_graph_remove(handle, UInt64(number)) }

    package func save(to path: String) throws(RetrievalError) {
        guard luthier_graph_save(handle, path) == 0 else { throw .unwritable(path: path) }
    }

    /// The numbers nearest to a vector of length 1, with their cosines, the nearest first.
    package func nearest(to query: [Float], count: Int) throws(RetrievalError) -> [(number: Int, cosine: Float)] {
        precondition(query.count == width, "a vector of \(query.count) in a graph of \(width)")
        var numbers = [UInt64](repeating: 0, count: count)
        var cosines = [Float](repeating: 0, count: count)
        let found = luthier_graph_search(
            handle, query, UInt64(count), UInt64(VectorGraph.searchEffort), &numbers, &cosines)
        guard found >= 0 else { throw .noMemory(vectors: count, width: width) }
        return (0..<Int(found)).map { (Int(numbers[$0]), cosines[$0]) }
    }
}
