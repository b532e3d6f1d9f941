// A GGUF file opened for reading: its checked header, and the rows of its tensors as float32.

import Kernels

/// A file of llama.cpp's format, mapped into memory.
package struct GGUFFile: Sendable {
    /// Keys and values in the order of the file.
    package var metadata: GGUFMetadata { header.metadata }
    /// The tensors in the order of the file's list.
    package var entries: [GGUFEntry] { header.entries }
    package var byteCount: Int { file.bytes.count }
    /// The path that it was opened by.
    package var path: String { file.path }

    private let header: GGUFHeader
    /// Alive as long as self, and so are its bytes during every method.
    private let file: MappedFile
    private let places: [ByteKey: Int]

    /// Opens the file and checks everything but the numbers in the tensors.
    package init(path: String) throws(InterchangeError) {
        file = try MappedFile(path: path)
        do throws(GGUFDefect) { header = try GGUFHeader(file.bytes) } catch { throw .gguf(file: path, error) }
        // The header's reader has refused equal names.
        places = Dictionary(
            uniqueKeysWithValues: header.entries.enumerated().map { (ByteKey($0.element.name), $0.offset) })
    }

    /// The value of a key, or nil.
    package subscript(key: String) -> GGUFValue? { metadata[key] }

    /// The tensor called `name`, or nil.
    package func tensor(_ name: String) -> GGUFEntry? { places[ByteKey(name)].map { header.entries[$0] } }

    /// Runs `body` on the metadata; what it throws becomes an error with the file's path.
    package func describe<Result>(
        _ body: (GGUFMetadata) throws(GGUFDefect) -> Result
    ) throws(InterchangeError) -> Result {
        do throws(GGUFDefect) { return try body(metadata) } catch { throw .gguf(file: path, error) }
    }

    /// Writes rows of a tensor as float32 to `destination`, which has exactly their elements, on all threads. The file's
    /// bytes do not stay in memory.
    ///
    /// - Parameters:
    ///   - rows: of the model's order, which is the file's unless `order` says otherwise.
    ///   - order: how the file's rows follow one another.
    /// - Throws: where the type is not read, or so many rows cannot be in that order.
    package func read(
        _ entry: GGUFEntry, rows: Range<Int>, order: GGUFRowOrder = .same,
        into destination: UnsafeMutableBufferPointer<Float>
    ) throws(InterchangeError) {
        do throws(GGUFDefect) {
            try entry.decode(rows, order: order, from: file.bytes, into: destination)
        } catch {
            throw .gguf(file: path, error)
        }
        // Rows that come from all over the tensor are given back with its last ones.
        if order == .same {
            file.release(entry.bytes(of: rows))
        } else if rows.upperBound == entry.rowCount {
            file.release(entry.bytes(of: 0..<entry.rowCount))
        }
    }

    /// The same; throws where an element is not finite.
    package func readFinite(
        _ entry: GGUFEntry, rows: Range<Int>, order: GGUFRowOrder = .same,
        into destination: UnsafeMutableBufferPointer<Float>
    ) throws(InterchangeError) {
        try read(entry, rows: rows, order: order, into: destination)
        guard let index = destination.firstIndex(where: { !$0.isFinite }) else { return }
        throw .weights(
            file: path,
            .notFinite(
                tensor: entry.name, index: rows.lowerBound * entry.rowWidth + index, value: "\(destination[index])"))
    }

    /// A tensor's elements as float32, in the order of the file.
    package func floats(_ entry: GGUFEntry) throws(InterchangeError) -> [Float] {
        var values = [Float](repeating: 0, count: entry.count)
        try values.withUnsafeMutableBufferPointer { (buffer) throws(InterchangeError) in
            try read(entry, rows: 0..<entry.rowCount, into: buffer)
        }
        return values
    }
}
