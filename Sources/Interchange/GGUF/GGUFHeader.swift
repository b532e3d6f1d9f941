// The header of a GGUF file: its metadata and its list of tensors, checked before a number of a tensor is read.

/// One tensor as the file describes it.
package struct GGUFEntry: Sendable, Equatable {
    package let name: String
    /// ggml's number of the element type.
    package let typeNumber: UInt32
    /// Sizes of the axes, slowest first (the file has them fastest first); empty for a single number.
    package let shape: [Int]
    /// Where it starts in the file.
    let offset: Int

    /// The type, where it is one of the format's today.
    package var type: GGUFType? { GGUFType(rawValue: typeNumber) }
    /// The type for people.
    package var typeName: String { type?.name ?? GGUFType.name(of: typeNumber) }
    /// Elements of the tensor.
    package var count: Int { shape.reduce(1, *) }
    /// Bytes of the tensor, where the type is known.
    package var byteCount: Int? { range?.count }
    /// Elements of a row: of the fastest axis. A vector of plain numbers has rows of one, so that rows of a matrix and
    /// elements of its bias can be put into another order alike.
    package var rowWidth: Int { shape.count > 1 || type?.blockCount ?? 1 > 1 ? shape.last ?? 1 : 1 }
    /// Rows of the tensor.
    package var rowCount: Int { count / rowWidth }

    /// The bytes of the file that hold the tensor, or nil where the type is not known. Never wraps: `GGUFHeader` has
    /// checked it.
    var range: Range<Int>? { type.map { offset..<(offset + count / $0.blockCount * $0.blockBytes) } }
}

/// A checked header of llama.cpp's format (ggml-org/ggml, docs/gguf.md), version 2 or 3, little-endian.
///
/// Layout: `GGUF`, version, number of tensors, number of values, the values with their keys, the tensors' descriptions,
/// and, from the next multiple of the alignment on, the body with the tensors' numbers.
package struct GGUFHeader: Sendable {
    /// The most keys and tensors that are read; models have some dozens and some hundreds.
    static let mostKeys = 65_536, mostTensors = 1 << 20

    package let version: UInt32
    package let metadata: GGUFMetadata
    /// In the order of the file's list. Where the type is known, all bytes of the tensor are in the file, and no other
    /// tensor has one of them.
    package let entries: [GGUFEntry]

    /// Reads and checks the header of a file that consists of `bytes`.
    package init(_ bytes: UnsafeRawBufferPointer) throws(GGUFDefect) {
        guard bytes.count >= 8, bytes[0..<4].elementsEqual("GGUF".utf8) else { throw .notGGUF }
        var cursor = GGUFCursor(bytes, offset: 4)
        version = try cursor.integer("the version")
        guard version == 2 || version == 3 else {
            throw (2...3).contains(version.byteSwapped) ? .bigEndian : .version(version)
        }
        let tensorCount: UInt64 = try cursor.integer("the number of tensors")
        let valueCount: UInt64 = try cursor.integer("the number of values")
        metadata = try GGUFHeader.metadata(&cursor, valueCount)
        let descriptions = try GGUFHeader.descriptions(&cursor, tensorCount)
        let alignment = try GGUFHeader.alignment(metadata)
        let body = (cursor.offset + alignment - 1) / alignment * alignment
        var entries: [GGUFEntry] = []
        for description in descriptions {
            entries.append(try GGUFHeader.entry(description, body, alignment, fileBytes: bytes.count))
        }
        try GGUFHeader.checkOverlap(entries)
        self.entries = entries
    }

    private static func metadata(_ cursor: inout GGUFCursor, _ count: UInt64) throws(GGUFDefect) -> GGUFMetadata {
        // A key's length, the type, and one byte of value.
        let count = try cursor.checked(count, minimumBytes: 13, "the metadata")
        guard count <= mostKeys else { throw .tooMany("keys", count: UInt64(count), limit: mostKeys) }
        var values: [GGUFMetadata.Element] = []
        for _ in 0..<count {
            let key = try cursor.text("a key")
            values.append((key, try cursor.value(key)))
        }
        return try GGUFMetadata(values)
    }

    private static func descriptions(
        _ cursor: inout GGUFCursor, _ count: UInt64
    ) throws(GGUFDefect) -> [GGUFDescription] {
        // A name's length, the number of axes, the type and the offset.
        let count = try cursor.checked(count, minimumBytes: 24, "the list of tensors")
        guard count <= mostTensors else { throw .tooMany("tensors", count: UInt64(count), limit: mostTensors) }
        var (descriptions, names) = ([GGUFDescription](), Set<ByteKey>())
        for _ in 0..<count {
            let description = try cursor.tensor()
            guard names.insert(ByteKey(description.name)).inserted else { throw .twice(description.name) }
            descriptions.append(description)
        }
        return descriptions
    }

    private static func alignment(_ metadata: GGUFMetadata) throws(GGUFDefect) -> Int {
        switch metadata["general.alignment"] {
        case nil: return 32
        case .unsigned(let value) where value >= 1 && value <= 65_536 && value & (value - 1) == 0: return Int(value)
        case .unsigned(let value): throw .alignment("\(value)")
        case .signed(let value): throw .alignment("\(value)")
        case let value?: throw .alignment(value.kind)
        }
    }

    /// Checks a tensor's place, and its size where its type is known.
    private static func entry(
        _ tensor: GGUFDescription, _ body: Int, _ alignment: Int, fileBytes: Int
    ) throws(GGUFDefect) -> GGUFEntry {
        guard tensor.offset % UInt64(alignment) == 0 else {
            throw .misaligned(tensor: tensor.name, offset: tensor.offset, alignment: alignment)
        }
        let (start, overflow) = body.addingReportingOverflow(Int(clamping: tensor.offset))
        guard !overflow, start <= fileBytes else {
            throw .place(tensor: tensor.name, end: overflow ? Int.max : start, fileBytes: fileBytes)
        }
        let entry = GGUFEntry(name: tensor.name, typeNumber: tensor.type, shape: tensor.shape, offset: start)
        guard let type = entry.type else { return entry }
        let width = tensor.shape.last ?? 1
        guard width % type.blockCount == 0 else {
            throw .partialBlock(tensor: tensor.name, type: type, rowWidth: width)
        }
        let (bytes, tooMany) = (entry.count / type.blockCount).multipliedReportingOverflow(by: type.blockBytes)
        guard !tooMany, bytes <= fileBytes - start else {
            let end = start.addingReportingOverflow(tooMany ? Int.max : bytes)
            throw .place(tensor: tensor.name, end: end.overflow ? Int.max : end.partialValue, fileBytes: fileBytes)
        }
        return entry
    }

    private static func checkOverlap(_ entries: [GGUFEntry]) throws(GGUFDefect) {
        let placed = entries.filter { $0.type != nil }.sorted { $0.offset < $1.offset }
        for (first, second) in zip(placed, placed.dropFirst()) {
            guard let range = first.range, range.upperBound <= second.offset else {
                throw .overlap(tensor: second.name, other: first.name)
            }
        }
    }
}
