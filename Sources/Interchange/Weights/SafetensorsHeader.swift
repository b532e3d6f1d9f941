// The header of a safetensors file: which tensors there are and where, checked before a byte of them is read.

import StrictJSON

/// A type of element that the format knows, by the name it has there.
package enum SafetensorsType: String, Sendable, CaseIterable {
    case bool = "BOOL"
    case f4 = "F4"
    case f6e2m3 = "F6_E2M3"
    case f6e3m2 = "F6_E3M2"
    case u8 = "U8"
    case i8 = "I8"
    case f8e5m2 = "F8_E5M2"
    case f8e4m3 = "F8_E4M3"
    case f8e8m0 = "F8_E8M0"
    case f8e5m2fnuz = "F8_E5M2FNUZ"
    case f8e4m3fnuz = "F8_E4M3FNUZ"
    case i16 = "I16"
    case u16 = "U16"
    case f16 = "F16"
    case bf16 = "BF16"
    case i32 = "I32"
    case u32 = "U32"
    case f32 = "F32"
    case i64 = "I64"
    case u64 = "U64"
    case f64 = "F64"
    case c64 = "C64"

    /// Bits of one element.
    package var bits: Int {
        switch self {
        case .f4: 4
        case .f6e2m3, .f6e3m2: 6
        case .bool, .u8, .i8, .f8e5m2, .f8e4m3, .f8e8m0, .f8e5m2fnuz, .f8e4m3fnuz: 8
        case .i16, .u16, .f16, .bf16: 16
        case .i32, .u32, .f32: 32
        case .i64, .u64, .f64, .c64: 64
        }
    }
}

/// One tensor as the header describes it.
package struct SafetensorsEntry: Sendable, Equatable {
    package let name: String
    package let type: SafetensorsType
    /// Sizes of the axes, slowest first; empty for a single number.
    package let shape: [Int]
    /// Where its bytes are in the body.
    package let range: Range<Int>

    /// Elements of the tensor.
    package var count: Int { shape.reduce(1, *) }
}

/// A checked header, by the rules of the format's own reader (huggingface/safetensors, `Metadata::validate`): the
/// tensors' bytes follow one another without gap or overlap and end where the file ends.
package struct SafetensorsHeader: Sendable {
    /// The most bytes that a header may have.
    static let largestBytes = 100_000_000

    /// In the order of their bytes.
    package let entries: [SafetensorsEntry]
    package let metadata: [String: String]
    /// Where the body starts in the file.
    package let bodyOffset: Int

    /// Reads and checks the header of a file that consists of `bytes`.
    package init(_ bytes: UnsafeRawBufferPointer) throws(SafetensorsDefect) {
        let text = try SafetensorsHeader.text(of: bytes)
        bodyOffset = 8 + text.count
        let root: JSONNode
        do throws(JSONError) {
            root = try JSONText.parse(text, options: JSONOptions(maximumBytes: SafetensorsHeader.largestBytes))
        } catch {
            throw .header(error)
        }
        guard let object = root.object else { throw .headerStart(text.first) }
        var metadata: [String: String] = [:]
        var entries: [SafetensorsEntry] = []
        entries.reserveCapacity(object.members.count)
        for member in object.members {
            if member.key == "__metadata__" {
                metadata = try SafetensorsHeader.metadata(member.value)
            } else {
                entries.append(try SafetensorsHeader.entry(member.key, member.value))
            }
        }
        entries.sort { ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound) }
        self.entries = entries
        self.metadata = metadata
        try checkCoverage(bodyBytes: bytes.count - bodyOffset)
    }

    /// The JSON between the length and the body.
    private static func text(of bytes: UnsafeRawBufferPointer) throws(SafetensorsDefect) -> UnsafeBufferPointer<UInt8> {
        guard bytes.count >= 8 else { throw .tooShort(bytes: bytes.count) }
        let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
        guard length <= UInt64(largestBytes) else { throw .headerTooLarge(bytes: length, limit: largestBytes) }
        let count = Int(length)
        guard count <= bytes.count - 8 else { throw .headerBeyondEnd(bytes: count, fileBytes: bytes.count) }
        let text = UnsafeRawBufferPointer(rebasing: bytes[8..<(8 + count)]).bindMemory(to: UInt8.self)
        guard text.first == UInt8(ascii: "{") else { throw .headerStart(text.first) }
        return text
    }

    private static func metadata(_ node: JSONNode) throws(SafetensorsDefect) -> [String: String] {
        guard let object = node.object else { throw .metadataNotStrings(key: nil) }
        var result: [String: String] = [:]
        for member in object.members {
            guard let value = member.value.string else { throw .metadataNotStrings(key: member.key) }
            result[member.key] = value
        }
        return result
    }

    /// One tensor's description. Fields beyond the three are ignored, as the format's own reader does.
    private static func entry(_ name: String, _ node: JSONNode) throws(SafetensorsDefect) -> SafetensorsEntry {
        guard let object = node.object else { throw .tensorNotObject(tensor: name, found: node.typeName) }
        guard let typeNode = object["dtype"] else { throw .missingField(tensor: name, field: "dtype") }
        guard let shapeNode = object["shape"] else { throw .missingField(tensor: name, field: "shape") }
        guard let offsetsNode = object["data_offsets"] else { throw .missingField(tensor: name, field: "data_offsets") }
        guard let typeName = typeNode.string else { throw .typeNotString(tensor: name, found: typeNode.typeName) }
        guard let type = SafetensorsType(rawValue: typeName) else { throw .unknownType(tensor: name, type: typeName) }
        guard let shape = integers(shapeNode) else { throw .badShape(tensor: name) }
        guard let offsets = integers(offsetsNode), offsets.count == 2 else { throw .badOffsets(tensor: name) }
        guard offsets[0] <= offsets[1] else {
            throw .reversedOffsets(tensor: name, start: offsets[0], end: offsets[1])
        }
        let needed = try byteCount(name, type, shape)
        guard needed == offsets[1] - offsets[0] else {
            throw .sizeMismatch(
                tensor: name, type: typeName, shape: shape, needed: needed, given: offsets[1] - offsets[0])
        }
        return SafetensorsEntry(name: name, type: type, shape: shape, range: offsets[0]..<offsets[1])
    }

    private static func integers(_ node: JSONNode) -> [Int]? {
        guard let elements = node.array else { return nil }
        let numbers = elements.compactMap { $0.integer }
        return numbers.count == elements.count && numbers.allSatisfy { $0 >= 0 } ? numbers : nil
    }

    /// Product of the sizes and the element's bits, in bytes, every multiplication checked. A zero among the sizes
    /// does not excuse an overflow before it, exactly as in the format's own reader.
    private static func byteCount(
        _ name: String, _ type: SafetensorsType, _ shape: [Int]
    ) throws(SafetensorsDefect) -> Int {
        var bits = 1
        for factor in shape + [type.bits] {
            let (product, overflow) = bits.multipliedReportingOverflow(by: factor)
            guard !overflow else { throw .sizeOverflow(tensor: name, shape: shape) }
            bits = product
        }
        guard bits % 8 == 0 else { throw .partialByte(tensor: name, type: type.rawValue, shape: shape) }
        return bits / 8
    }

    /// The tensors must cover the body from its first byte to its last, each byte once.
    private func checkCoverage(bodyBytes: Int) throws(SafetensorsDefect) {
        var end = 0
        for entry in entries {
            let start = entry.range.lowerBound
            guard start <= end else { throw .gap(tensor: entry.name, start: start, expected: end) }
            guard start == end else { throw .overlap(tensor: entry.name, start: start, expected: end) }
            end = entry.range.upperBound
        }
        guard end == bodyBytes else { throw .bodySize(described: end, given: bodyBytes) }
    }
}
