// Blocks of 32 numbers of four bits: Q4_0 and Q4_1.

/// A scale d (float16), then 16 bytes: element j is d·(low half of byte j − 8), element 16 + j d·(high half − 8).
enum Q4_0Block: GGUFBlock {
    static var type: GGUFType { .q4_0 }

    @inline(__always)
    static func decode(_ block: UnsafeRawPointer, into values: UnsafeMutablePointer<Float>) {
        let (scale, bytes) = (block.half(0), block.byteLanes(2))
        values.setLanes(0, scale * FloatLanes(signed: (bytes & 15) &- 8))
        values.setLanes(16, scale * FloatLanes(signed: (bytes &>> 4) &- 8))
    }
}

/// A scale d and a minimum m (float16), then 16 bytes as in Q4_0: elements are d·q + m.
enum Q4_1Block: GGUFBlock {
    static var type: GGUFType { .q4_1 }

    @inline(__always)
    static func decode(_ block: UnsafeRawPointer, into values: UnsafeMutablePointer<Float>) {
        let (scale, minimum, bytes) = (block.half(0), block.half(2), block.byteLanes(4))
        values.setLanes(0, scale * FloatLanes(unsigned: bytes & 15) + minimum)
        values.setLanes(16, scale * FloatLanes(unsigned: bytes &>> 4) + minimum)
    }
}
