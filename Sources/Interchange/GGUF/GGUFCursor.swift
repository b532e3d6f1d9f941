// Reads the parts of a GGUF file one after the other, never beyond its end.

/// A place in the bytes of a GGUF file.
struct GGUFCursor {
    private let bytes: UnsafeRawBufferPointer
    private(set) var offset: Int

    init(_ bytes: UnsafeRawBufferPointer, offset: Int) { (self.bytes, self.offset) = (bytes, offset) }

    private var rest: Int { bytes.count - offset }

    mutating func integer<Value: FixedWidthInteger & BitwiseCopyable>(
        _ part: String
    ) throws(GGUFDefect) -> Value {
        guard rest >= MemoryLayout<Value>.size else { throw .endsInside(part) }
        defer { offset += MemoryLayout<Value>.size }
        return Value(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Value.self))
    }

    /// A number of things that each take at least some bytes: no more than the file has room for.
    func count(_ value: UInt64, minimumBytes: Int, _ part: String) throws(GGUFDefect) -> Int {
        guard value <= UInt64(rest / minimumBytes) else { throw .endsInside(part) }
        return Int(value)
    }

    mutating func text(_ part: String) throws(GGUFDefect) -> String {
        let length: UInt64 = try integer(part)
        let count = try count(length, minimumBytes: 1, part)
        defer { offset += count }
        guard let text = String(validating: bytes[offset..<(offset + count)], as: UTF8.self) else {
            throw .notText(part)
        }
        return text
    }

    mutating func value(_ type: UInt32, key: String, mayBeList: Bool) throws(GGUFDefect) -> GGUFValue {
        let part = "the value of \(key)"
        switch type {
        case 0: return .unsigned(UInt64(try integer(part) as UInt8))
        case 1: return .signed(Int64(try integer(part) as Int8))
        case 2: return .unsigned(UInt64(try integer(part) as UInt16))
        case 3: return .signed(Int64(try integer(part) as Int16))
        case 4: return .unsigned(UInt64(try integer(part) as UInt32))
        case 5: return .signed(Int64(try integer(part) as Int32))
        case 6: return .number(Double(Float(bitPattern: try integer(part))))
        case 7: return .flag(try integer(part) as UInt8 != 0)
        case 8: return .text(try text(part))
        case 9 where mayBeList:
            let element: UInt32 = try integer(part)
            let count = try count(try integer(part), minimumBytes: 1, part)
            var values: [GGUFValue] = []
            for _ in 0..<count { values.append(try value(element, key: key, mayBeList: false)) }
            return .list(values)
        case 10: return .unsigned(try integer(part))
        case 11: return .signed(try integer(part))
        case 12: return .number(Double(bitPattern: try integer(part)))
        default: throw .valueType(key: key, type: type)
        }
    }

    mutating func tensor() throws(GGUFDefect) -> (name: String, shape: [Int], type: UInt32, offset: UInt64) {
        let name = try text("a tensor's name")
        let part = "the description of tensor \(name)"
        let axes: UInt32 = try integer(part)
        guard axes <= 8 else { throw .shape(tensor: name) }
        var (shape, product) = ([Int](), 1)
        for _ in 0..<axes {
            let size: UInt64 = try integer(part)
            let (next, overflow) = product.multipliedReportingOverflow(by: Int(clamping: size))
            guard !overflow, size > 0, size <= UInt64(Int.max) else { throw .shape(tensor: name) }
            product = next
            shape.append(Int(size))
        }
        return (name, shape.reversed(), try integer(part), try integer(part))
    }
}
