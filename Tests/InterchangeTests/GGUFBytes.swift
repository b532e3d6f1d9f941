// Small GGUF files put together byte by byte, right and wrong.

import Interchange

/// The parts of a GGUF file; a test changes the one that it is about.
struct GGUFBytes {
    /// A tensor's description as the file writes it.
    struct Tensor {
        var name = "t"
        /// Fastest axis first.
        var sizes: [UInt64] = [4]
        var type: UInt32 = 0
        var offset: UInt64 = 0
        var axes: UInt32?
    }

    var magic = Array("GGUF".utf8)
    var version: UInt32 = 3
    /// Each with its key and the number of its type.
    var values: [[UInt8]] = []
    var tensors: [Tensor] = []
    var tensorCount: UInt64?
    var valueCount: UInt64?
    var alignment = 32
    var body: [UInt8] = []

    var bytes: [UInt8] {
        var result = magic + Self.integer(version)
        result += Self.integer(tensorCount ?? UInt64(tensors.count)) + Self.integer(valueCount ?? UInt64(values.count))
        for value in values { result += value }
        for tensor in tensors {
            result += Self.text(tensor.name) + Self.integer(tensor.axes ?? UInt32(tensor.sizes.count))
            for size in tensor.sizes { result += Self.integer(size) }
            result += Self.integer(tensor.type) + Self.integer(tensor.offset)
        }
        guard !body.isEmpty else { return result }
        result += [UInt8](repeating: 0, count: (alignment - result.count % alignment) % alignment)
        return result + body
    }

    /// The header that a reader makes of it.
    func header() throws(GGUFDefect) -> GGUFHeader { try Self.header(bytes) }

    static func header(_ bytes: [UInt8]) throws(GGUFDefect) -> GGUFHeader {
        try bytes.withUnsafeBufferPointer { (buffer) throws(GGUFDefect) in
            try GGUFHeader(UnsafeRawBufferPointer(buffer))
        }
    }

    static func integer<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        withUnsafeBytes(of: number.littleEndian) { Array($0) }
    }

    static func text(_ text: String) -> [UInt8] { Self.text(Array(text.utf8)) }
    static func text(_ bytes: [UInt8]) -> [UInt8] { integer(UInt64(bytes.count)) + bytes }

    /// A key and its value of type `type`, whose bytes are `value`.
    static func value(_ key: String, _ type: UInt32, _ value: [UInt8]) -> [UInt8] { text(key) + integer(type) + value }

    /// The value of a list: type of its elements, their number, their bytes.
    static func list(_ type: UInt32, _ count: Int, _ elements: [UInt8]) -> [UInt8] {
        integer(type) + integer(UInt64(count)) + elements
    }

    static func uint32(_ key: String, _ number: UInt32) -> [UInt8] { value(key, 4, integer(number)) }
    static func texts(_ key: String, _ texts: [[UInt8]]) -> [UInt8] {
        value(key, 9, list(8, texts.count, texts.flatMap { text($0) }))
    }
}
