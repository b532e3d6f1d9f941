// A GGUF file opened for reading: its metadata and its list of tensors, checked before one is read.

/// A value of a GGUF file's metadata.
public enum GGUFValue: Sendable, Equatable {
    case unsigned(UInt64)
    case signed(Int64)
    case number(Double)
    case flag(Bool)
    case text(String)
    case list([GGUFValue])
}

/// One tensor as the file describes it.
public struct GGUFEntry: Sendable, Equatable {
    public let name: String
    /// ggml's number of the element type, and the type where it is read here.
    public let typeNumber: UInt32
    /// Sizes of the axes, slowest first (the file has them fastest first).
    public let shape: [Int]
    /// Where it starts in the file.
    let offset: Int

    public var type: GGUFType? { GGUFType(rawValue: typeNumber) }
    public var count: Int { shape.reduce(1, *) }
}

/// A file of llama.cpp's format (ggml-org/ggml, docs/gguf.md), version 2 or 3, little-endian.
public struct GGUFFile: Sendable {
    public let metadata: [(key: String, value: GGUFValue)]
    public let entries: [GGUFEntry]
    public var byteCount: Int { file.bytes.count }
    private let file: MappedFile

    public var path: String { file.path }

    /// Opens the file and checks everything but the numbers in the tensors.
    public init(path: String) throws(InterchangeError) {
        file = try MappedFile(path: path)
        do throws(GGUFDefect) {
            (metadata, entries) = try GGUFFile.parse(file.bytes)
        } catch {
            throw .gguf(file: path, error)
        }
    }

    /// The value of a key, or nil.
    public subscript(key: String) -> GGUFValue? { metadata.first { $0.key == key }?.value }

    /// A tensor's elements as float32.
    public func floats(_ entry: GGUFEntry) throws(InterchangeError) -> [Float] {
        guard let type = entry.type else {
            throw .gguf(file: path, .unreadableType(tensor: entry.name, type: entry.typeNumber))
        }
        let bytes = file.bytes[entry.offset..<(entry.offset + entry.count / type.blockCount * type.blockBytes)]
        var values = [Float](repeating: 0, count: entry.count)
        values.withUnsafeMutableBufferPointer { type.decode(UnsafeRawBufferPointer(rebasing: bytes), into: $0) }
        return values
    }

    package static func parse(
        _ bytes: UnsafeRawBufferPointer
    ) throws(GGUFDefect) -> (metadata: [(key: String, value: GGUFValue)], entries: [GGUFEntry]) {
        guard bytes.count >= 8, bytes[0..<4].elementsEqual("GGUF".utf8) else { throw .notGGUF }
        var cursor = GGUFCursor(bytes, offset: 4)
        let version: UInt32 = try cursor.integer("the version")
        guard version == 2 || version == 3 else { throw .version(version) }
        let tensorCount: UInt64 = try cursor.integer("the number of tensors")
        let valueCount: UInt64 = try cursor.integer("the number of values")
        var metadata: [(key: String, value: GGUFValue)] = []
        var names: Set<String> = []
        for _ in 0..<(try cursor.count(valueCount, minimumBytes: 13, "the metadata")) {
            let key = try cursor.text("a key")
            guard names.insert(key).inserted else { throw .twice(key) }
            let type: UInt32 = try cursor.integer("the value of \(key)")
            metadata.append((key, try cursor.value(type, key: key, mayBeList: true)))
        }
        var descriptions: [(name: String, shape: [Int], type: UInt32, offset: UInt64)] = []
        names = []
        for _ in 0..<(try cursor.count(tensorCount, minimumBytes: 24, "the list of tensors")) {
            let tensor = try cursor.tensor()
            guard names.insert(tensor.name).inserted else { throw .twice(tensor.name) }
            descriptions.append(tensor)
        }
        let body = try bodyOffset(metadata, after: cursor.offset)
        return (metadata, try descriptions.map { (tensor) throws(GGUFDefect) in try entry(tensor, body, bytes.count) })
    }

    private static func bodyOffset(
        _ metadata: [(key: String, value: GGUFValue)], after end: Int
    ) throws(GGUFDefect) -> Int {
        var alignment = 32
        if case .unsigned(let value)? = metadata.first(where: { $0.key == "general.alignment" })?.value {
            alignment = Int(clamping: value)
        }
        guard alignment >= 1, alignment <= 65_536, alignment & (alignment - 1) == 0 else { throw .alignment(alignment) }
        return (end + alignment - 1) / alignment * alignment
    }

    /// Checks a tensor's place where its type is known.
    private static func entry(
        _ tensor: (name: String, shape: [Int], type: UInt32, offset: UInt64), _ body: Int, _ fileBytes: Int
    ) throws(GGUFDefect) -> GGUFEntry {
        let (start, overflow) = body.addingReportingOverflow(Int(clamping: tensor.offset))
        guard !overflow, start <= fileBytes else {
            throw .place(tensor: tensor.name, end: Int(clamping: tensor.offset), fileBytes: fileBytes)
        }
        let entry = GGUFEntry(name: tensor.name, typeNumber: tensor.type, shape: tensor.shape, offset: start)
        guard let type = entry.type else { return entry }
        guard (tensor.shape.last ?? 1) % type.blockCount == 0 else { throw .shape(tensor: tensor.name) }
        let (bytes, tooMany) = (entry.count / type.blockCount).multipliedReportingOverflow(by: type.blockBytes)
        guard !tooMany, bytes <= fileBytes - start else {
            throw .place(tensor: tensor.name, end: tooMany ? Int.max : start &+ bytes, fileBytes: fileBytes)
        }
        return entry
    }
}
