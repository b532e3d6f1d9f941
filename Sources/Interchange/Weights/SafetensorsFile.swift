// A safetensors file opened for reading.

import Kernels

/// The tensors of a file, mapped into memory and checked completely before the first one is read.
///
/// Format: an 8-byte little-endian length, a JSON header of that length, then the tensors' bytes, row-major and
/// little-endian (huggingface/safetensors).
package struct SafetensorsFile: Sendable {
    /// The tensors in the order of their bytes.
    package let entries: [SafetensorsEntry]
    /// The header's `__metadata__`.
    package let metadata: [String: String]
    /// Alive as long as self, and so are its bytes during every method.
    private let file: MappedFile
    private let bodyOffset: Int
    private let places: [ByteKey: Int]

    /// The path that it was opened by.
    package var path: String { file.path }

    /// Opens the file at `path`. Throws what the system refuses, and every breach of the format.
    package init(path: String) throws(InterchangeError) {
        file = try MappedFile(path: path)
        let header: SafetensorsHeader
        do throws(SafetensorsDefect) {
            header = try SafetensorsHeader(file.bytes)
        } catch {
            throw .safetensors(file: path, error)
        }
        entries = header.entries
        metadata = header.metadata
        bodyOffset = header.bodyOffset
        // The header's reader has refused equal names.
        places = Dictionary(
            uniqueKeysWithValues: header.entries.enumerated().map { (ByteKey($0.element.name), $0.offset) })
    }

    /// The tensor called `name`, or nil.
    package subscript(name: String) -> SafetensorsEntry? { places[ByteKey(name)].map { entries[$0] } }

    /// Copies some of a tensor's elements, as float32, to `destination`, which has exactly their number. The file's
    /// bytes do not stay in memory.
    func read(
        _ entry: SafetensorsEntry, elements: Range<Int>, into destination: UnsafeMutableBufferPointer<Float>
    ) throws(InterchangeError) {
        precondition(
            destination.count == elements.count && elements.lowerBound >= 0 && elements.upperBound <= entry.count,
            "elements \(elements) of \(entry.name), which has \(entry.count), into \(destination.count)")
        let (start, size) = (bodyOffset + entry.range.lowerBound, entry.type.bits / 8)
        let range = (start + elements.lowerBound * size)..<(start + elements.upperBound * size)
        let bytes = UnsafeRawBufferPointer(rebasing: file.bytes[range])
        defer { file.release(range) }
        switch entry.type {
        case .f32: FloatConversion.copySingles(bytes, into: destination)
        case .f16: FloatConversion.expandHalves(bytes, into: destination)
        case .bf16: FloatConversion.expandBrainFloats(bytes, into: destination)
        case .f64: FloatConversion.roundDoubles(bytes, into: destination)
        default:
            throw .safetensors(
                file: path, .unreadableType(tensor: entry.name, type: entry.type.rawValue))
        }
    }

    /// The same; throws where an element is not finite.
    func readFinite(
        _ entry: SafetensorsEntry, elements: Range<Int>, into destination: UnsafeMutableBufferPointer<Float>
    ) throws(InterchangeError) {
        try read(entry, elements: elements, into: destination)
        guard let index = destination.firstIndex(where: { !$0.isFinite }) else { return }
        throw .weights(
            file: path,
            .notFinite(tensor: entry.name, index: elements.lowerBound + index, value: "\(destination[index])"))
    }

    /// A tensor's elements as float32.
    package func floats(_ entry: SafetensorsEntry) throws(InterchangeError) -> [Float] {
        var values = [Float](repeating: 0, count: entry.count)
        try values.withUnsafeMutableBufferPointer { (buffer) throws(InterchangeError) in
            try read(entry, elements: 0..<entry.count, into: buffer)
        }
        return values
    }
}
