// Values of a GGUF file's metadata: numbers, flags, texts, and lists of them.

/// A value of a GGUF file's metadata.
package enum GGUFValue: Sendable, Equatable {
    case unsigned(UInt64)
    case signed(Int64)
    case number(Double)
    case flag(Bool)
    case text(String)
    case list(GGUFList)

    /// What it is, for messages.
    var kind: String {
        switch self {
        case .unsigned, .signed: "a whole number"
        case .number: "a number"
        case .flag: "a flag"
        case .text: "a text"
        case .list: "a list"
        }
    }
}

/// The type of a value in the file (`gguf_metadata_value_type`); the raw value is its number there.
enum GGUFValueType: UInt32, Sendable {
    case uint8, int8, uint16, int16, uint32, int32, float32, bool, text, list, uint64, int64, float64

    /// The fewest bytes that a value takes: all that it takes where it is a number or a flag.
    var minimumBytes: Int {
        switch self {
        case .uint8, .int8, .bool: 1
        case .uint16, .int16: 2
        case .uint32, .int32, .float32: 4
        case .uint64, .int64, .float64, .text: 8
        case .list: 12
        }
    }

    /// The number or flag at a place in `bytes`, which has all of it.
    func scalar(_ bytes: UnsafeRawBufferPointer, at offset: Int = 0) -> GGUFValue {
        func load<Number: FixedWidthInteger & BitwiseCopyable>(_ type: Number.Type) -> Number {
            Number(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: type))
        }
        switch self {
        case .uint8: return .unsigned(UInt64(load(UInt8.self)))
        case .int8: return .signed(Int64(load(Int8.self)))
        case .uint16: return .unsigned(UInt64(load(UInt16.self)))
        case .int16: return .signed(Int64(load(Int16.self)))
        case .uint32: return .unsigned(UInt64(load(UInt32.self)))
        case .int32: return .signed(Int64(load(Int32.self)))
        case .float32: return .number(Double(Float(bitPattern: load(UInt32.self))))
        case .bool: return .flag(load(UInt8.self) != 0)
        case .uint64: return .unsigned(load(UInt64.self))
        case .int64: return .signed(load(Int64.self))
        case .float64: return .number(Double(bitPattern: load(UInt64.self)))
        case .text, .list: preconditionFailure("texts and lists are not of one size")
        }
    }
}

/// A list of a GGUF file's metadata, kept as the file holds it: a vocabulary has some hundred thousand elements.
package struct GGUFList: Sendable, Equatable, RandomAccessCollection {
    enum Storage: Sendable, Equatable {
        /// Numbers or flags, one behind the other.
        case scalars(GGUFValueType, [UInt8])
        /// The bytes of all texts, and where each ends.
        case texts([UInt8], ends: [Int])
        case lists([GGUFList])
    }

    let storage: Storage

    package var startIndex: Int { 0 }
    package var endIndex: Int {
        switch storage {
        case .scalars(let type, let bytes): bytes.count / type.minimumBytes
        case .texts(_, let ends): ends.count
        case .lists(let lists): lists.count
        }
    }

    /// An element. What is not UTF-8 in a text shows as U+FFFD; `text(at:)` has its bytes.
    package subscript(position: Int) -> GGUFValue {
        precondition(indices.contains(position), "element \(position) of a list of \(count)")
        switch storage {
        case .scalars(let type, let bytes):
            return bytes.withUnsafeBytes { type.scalar($0, at: position * type.minimumBytes) }
        case .texts: return .text(String(decoding: text(at: position) ?? [], as: UTF8.self))
        case .lists(let lists): return .list(lists[position])
        }
    }

    /// The bytes of an element, or nil where the list is not one of texts.
    package func text(at position: Int) -> ArraySlice<UInt8>? {
        guard case .texts(let bytes, let ends) = storage else { return nil }
        return bytes[(position == 0 ? 0 : ends[position - 1])..<ends[position]]
    }
}
