// The types of numbers in a GGUF file, and how weights are stored in them.

/// A type of tensor elements (ggml's `ggml_type`); the raw value is its number in the file.
public enum GGUFType: UInt32, Sendable, CaseIterable {
    case f32 = 0
    case f16 = 1
    /// Blocks of 32: one float16 scale, then 32 signed bytes.
    case q8_0 = 8
    case bf16 = 30

    /// The name that llama.cpp's tools use.
    public var name: String {
        switch self {
        case .f32: "F32"
        case .f16: "F16"
        case .q8_0: "Q8_0"
        case .bf16: "BF16"
        }
    }

    /// Elements that are stored together.
    var blockCount: Int { self == .q8_0 ? 32 : 1 }

    /// Bytes of a block.
    var blockBytes: Int {
        switch self {
        case .f32: 4
        case .f16, .bf16: 2
        case .q8_0: 34
        }
    }

    /// `general.file_type` of a model stored mostly in this type.
    var fileType: UInt32 {
        switch self {
        case .f32: 0
        case .f16: 1
        case .q8_0: 7
        case .bf16: 32
        }
    }

    /// Elements as the file's bytes. `values` are whole blocks.
    func encode(_ values: UnsafeBufferPointer<Float>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(values.count / blockCount * blockBytes)
        func append(_ bits: UInt16) {
            bytes += [UInt8(truncatingIfNeeded: bits), UInt8(truncatingIfNeeded: bits >> 8)]
        }
        switch self {
        case .f32: bytes += UnsafeRawBufferPointer(values)
        case .f16: for value in values { append(FloatConversion.half(value)) }
        case .bf16: for value in values { append(FloatConversion.brainFloat(value)) }
        case .q8_0:
            for start in stride(from: 0, to: values.count, by: blockCount) {
                let block = values[start..<(start + blockCount)]
                let scale = (block.lazy.map(abs).max() ?? 0) / 127
                let inverse = scale > 0 ? 1 / scale : 0
                append(FloatConversion.half(scale))
                for value in block {
                    bytes.append(UInt8(bitPattern: Int8((value * inverse).rounded(.toNearestOrAwayFromZero))))
                }
            }
        }
        return bytes
    }

    /// The file's bytes as elements. `bytes` has exactly the blocks that `destination` takes.
    func decode(_ bytes: UnsafeRawBufferPointer, into destination: UnsafeMutableBufferPointer<Float>) {
        precondition(bytes.count == destination.count / blockCount * blockBytes, "\(bytes.count) bytes of \(name)")
        switch self {
        case .f32: FloatConversion.copySingles(bytes, into: destination)
        case .f16: FloatConversion.expandHalves(bytes, into: destination)
        case .bf16: FloatConversion.expandBrainFloats(bytes, into: destination)
        case .q8_0:
            for block in 0..<(destination.count / blockCount) {
                let start = block * blockBytes
                let bits = UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: start, as: UInt16.self))
                let scale = FloatConversion.float(half: bits)
                for index in 0..<blockCount {
                    destination[block * blockCount + index] = scale * Float(Int8(bitPattern: bytes[start + 2 + index]))
                }
            }
        }
    }
}
