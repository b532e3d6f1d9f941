// float32 as the numbers of a GGUF file's tensors.

extension GGUFType {
    /// Elements as the file's bytes. `values` are whole blocks, and the type is one that is written.
    package func encode(_ values: UnsafeBufferPointer<Float>) -> [UInt8] {
        precondition(values.count % blockCount == 0, "\(values.count) numbers as \(name)")
        let size = values.count / blockCount * blockBytes
        return [UInt8](unsafeUninitializedCapacity: size) { bytes, count in
            encode(values, into: UnsafeMutableRawBufferPointer(bytes))
            count = size
        }
    }

    private func encode(_ values: UnsafeBufferPointer<Float>, into bytes: UnsafeMutableRawBufferPointer) {
        func store(_ bits: UInt16, at index: Int) {
            bytes.storeBytes(of: bits.littleEndian, toByteOffset: 2 * index, as: UInt16.self)
        }
        switch self {
        case .f32: bytes.copyMemory(from: UnsafeRawBufferPointer(values))
        case .f16: for (index, value) in values.enumerated() { store(FloatConversion.half(value), at: index) }
        case .bf16: for (index, value) in values.enumerated() { store(FloatConversion.brainFloat(value), at: index) }
        case .q8_0: eachBlock(values, bytes, Q8_0Block.encode)
        case .q4_0: eachBlock(values, bytes, Q4_0Block.encode)
        default: preconditionFailure("\(name) is not written")
        }
    }

    @inline(__always)
    private func eachBlock(
        _ values: UnsafeBufferPointer<Float>, _ bytes: UnsafeMutableRawBufferPointer,
        _ body: (UnsafeBufferPointer<Float>, UnsafeMutableRawBufferPointer) -> Void
    ) {
        let (count, size) = (blockCount, blockBytes)
        for block in 0..<(values.count / count) {
            body(
                UnsafeBufferPointer(rebasing: values[(block * count)..<((block + 1) * count)]),
                UnsafeMutableRawBufferPointer(rebasing: bytes[(block * size)..<((block + 1) * size)]))
        }
    }
}

extension Q8_0Block {
    /// The scale is the largest magnitude / 127; numbers are rounded to the nearest, halves away from zero. The bits are
    /// those of ggml's `quantize_row_q8_0_ref`.
    static func encode(_ values: UnsafeBufferPointer<Float>, into block: UnsafeMutableRawBufferPointer) {
        let scale = values.reduce(0) { max($0, abs($1)) } / 127
        let inverse = scale == 0 ? 0 : 1 / scale
        block.storeBytes(of: FloatConversion.half(scale).littleEndian, as: UInt16.self)
        for (index, value) in values.enumerated() {
            let number = (value * inverse).rounded(.toNearestOrAwayFromZero)
            block[2 + index] = UInt8(bitPattern: Int8(bounded(number, -127...127)))
        }
    }
}

extension Q4_0Block {
    /// The scale is that number of largest magnitude, the first of several, / −8, so that it becomes 0 and what has the
    /// other sign at most 15. The bits are those of ggml's `quantize_row_q4_0_ref`.
    static func encode(_ values: UnsafeBufferPointer<Float>, into block: UnsafeMutableRawBufferPointer) {
        let largest = values.reduce(0) { abs($1) > abs($0) ? $1 : $0 }
        let scale = largest / -8
        let inverse = scale == 0 ? 0 : 1 / scale
        block.storeBytes(of: FloatConversion.half(scale).littleEndian, as: UInt16.self)
        func number(_ value: Float) -> UInt8 { UInt8(bounded(value * inverse + 8.5, 0...15)) }
        for index in 0..<16 { block[2 + index] = number(values[index]) | number(values[16 + index]) << 4 }
    }
}

/// The nearest of a range; 0 for what is no number, which the inverse of a scale below 2⁻¹²⁸ makes of a zero.
@inline(__always)
private func bounded(_ value: Float, _ range: ClosedRange<Float>) -> Float {
    value.isNaN ? 0 : min(max(value, range.lowerBound), range.upperBound)
}
