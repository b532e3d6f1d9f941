// What all packed blocks have in common: the loop over them, and bytes as lanes of floats.

/// Sixteen floats.
typealias FloatLanes = SIMD16<Float>
/// Sixteen bytes.
typealias ByteLanes = SIMD16<UInt8>

/// One way of packing neighbours of a row into a block.
protocol GGUFBlock {
    static var type: GGUFType { get }

    /// Writes the block's `type.blockCount` elements to `values`, from the `type.blockBytes` bytes at `block`.
    static func decode(_ block: UnsafeRawPointer, into values: UnsafeMutablePointer<Float>)
}

extension GGUFBlock {
    /// Every block of `bytes`. `destination` has their elements.
    @inline(__always)
    static func decodeAll(_ bytes: UnsafeRawBufferPointer, into destination: UnsafeMutableBufferPointer<Float>) {
        guard var block = bytes.baseAddress, var values = destination.baseAddress else { return }
        let (count, size) = (type.blockCount, type.blockBytes)
        for _ in 0..<(destination.count / count) {
            decode(block, into: values)
            block += size
            values += count
        }
    }
}

extension UnsafeRawPointer {
    /// The float16 that lies `offset` bytes on.
    @inline(__always)
    func half(_ offset: Int) -> Float {
        FloatConversion.float(half: UInt16(littleEndian: loadUnaligned(fromByteOffset: offset, as: UInt16.self)))
    }

    /// The sixteen bytes that lie `offset` bytes on.
    @inline(__always)
    func byteLanes(_ offset: Int) -> ByteLanes { loadUnaligned(fromByteOffset: offset, as: ByteLanes.self) }
}

extension UnsafeMutablePointer<Float> {
    /// Overwrites the sixteen floats that lie `offset` floats on.
    @inline(__always)
    func setLanes(_ offset: Int, _ value: FloatLanes) {
        UnsafeMutableRawPointer(self + offset).storeBytes(of: value, as: FloatLanes.self)
    }
}

extension FloatLanes {
    /// Bytes from 0 to 255. The library's own conversion is a call for every register; the compiler makes this loop an
    /// instruction.
    @inline(__always)
    init(unsigned bytes: ByteLanes) {
        var result = FloatLanes()
        for lane in 0..<16 { result[lane] = Float(Int32(bytes[lane])) }
        self = result
    }

    /// The same bytes read as -128 to 127.
    @inline(__always)
    init(signed bytes: ByteLanes) {
        var result = FloatLanes()
        for lane in 0..<16 { result[lane] = Float(Int32(Int8(bitPattern: bytes[lane]))) }
        self = result
    }
}
