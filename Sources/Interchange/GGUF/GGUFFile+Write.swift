// Writing a GGUF file.

import Files

/// A value to be written, in the type that readers ask for.
enum GGUFOutput: Sendable {
    case uint32(UInt32)
    case float32(Float)
    case text(String)
    case texts([String])
    case int32s([Int32])
    case float32s([Float])
    case flag(Bool)
}

/// A tensor to be written: rows of float32, stored as `type`.
struct GGUFTensor {
    let name: String
    /// Slowest axis first; the last one is a multiple of the type's block.
    let shape: [Int]
    let type: GGUFType
    /// Calls its argument with the elements in order, in pieces of whole rows.
    let eachPiece: ((UnsafeBufferPointer<Float>) throws(InterchangeError) -> Void) throws(InterchangeError) -> Void

    var byteCount: Int { shape.reduce(1, *) / type.blockCount * type.blockBytes }
}

extension GGUFFile {
    private static let alignment = 32

    /// Writes a file of version 3; it takes the place of `path` once it is complete and on the disk.
    static func write(
        _ metadata: [(key: String, value: GGUFOutput)], _ tensors: [GGUFTensor], to path: String
    ) throws(InterchangeError) {
        var header = Array("GGUF".utf8)
        header.append(integer: UInt32(3))
        header.append(integer: UInt64(tensors.count))
        header.append(integer: UInt64(metadata.count))
        for (key, value) in metadata { header.append(key, value) }
        var offset = 0
        for tensor in tensors {
            header.append(text: tensor.name)
            header.append(integer: UInt32(tensor.shape.count))
            for size in tensor.shape.reversed() { header.append(integer: UInt64(size)) }
            header.append(integer: tensor.type.rawValue)
            header.append(integer: UInt64(offset))
            offset += tensor.byteCount + padding(tensor.byteCount)
        }
        header += [UInt8](repeating: 0, count: padding(header.count))
        let file = try InterchangeError.wrapping { () throws(FileError) in try AtomicFile(path: path) }
        func append(_ bytes: [UInt8]) throws(InterchangeError) {
            try InterchangeError.wrapping { () throws(FileError) in try file.append(bytes) }
        }
        try append(header)
        for tensor in tensors {
            try tensor.eachPiece { piece throws(InterchangeError) in try append(tensor.type.encode(piece)) }
            try append([UInt8](repeating: 0, count: padding(tensor.byteCount)))
        }
        try InterchangeError.wrapping { () throws(FileError) in try file.finish() }
    }

    private static func padding(_ count: Int) -> Int { (alignment - count % alignment) % alignment }
}

extension [UInt8] {
    fileprivate mutating func append<Value: FixedWidthInteger>(integer value: Value) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }

    fileprivate mutating func append(text: String) {
        append(integer: UInt64(text.utf8.count))
        append(contentsOf: text.utf8)
    }

    /// A key with its value, preceded by the number of the value's type.
    fileprivate mutating func append(_ key: String, _ value: GGUFOutput) {
        append(text: key)
        switch value {
        case .uint32(let number):
            append(integer: UInt32(4))
            append(integer: number)
        case .float32(let number):
            append(integer: UInt32(6))
            append(integer: number.bitPattern)
        case .text(let text):
            append(integer: UInt32(8))
            append(text: text)
        case .texts(let texts):
            append(list: 8, count: texts.count)
            for text in texts { append(text: text) }
        case .int32s(let numbers):
            append(list: 5, count: numbers.count)
            for number in numbers { append(integer: number) }
        case .float32s(let numbers):
            append(list: 6, count: numbers.count)
            for number in numbers { append(integer: number.bitPattern) }
        case .flag(let isSet):
            append(integer: UInt32(7))
            append(integer: UInt8(isSet ? 1 : 0))
        }
    }

    fileprivate mutating func append(list type: UInt32, count: Int) {
        append(integer: UInt32(9))
        append(integer: type)
        append(integer: UInt64(count))
    }
}
