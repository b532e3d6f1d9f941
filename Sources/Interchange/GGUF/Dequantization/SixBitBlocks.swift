// Blocks of 256 numbers of six bits in sixteen groups: Q6_K.

/// 128 bytes with the low four bits, 64 with the high two, 16 signed scales S, and d (float16) at the end. Elements are
/// (d·S)·(q − 32), S changing after every 16.
///
/// Each half of the block has 64 bytes of low bits: the low halves of the first 32 are its elements 0 to 31, those of
/// the others 32 to 63, and the high halves 64 to 127 in the same order. The two bits of elements l, 32 + l, 64 + l and
/// 96 + l are in byte l of the half's 32 bytes of high bits.
enum Q6_KBlock: GGUFBlock {
    static var type: GGUFType { .q6_k }

    @inline(__always)
    static func decode(_ block: UnsafeRawPointer, into values: UnsafeMutablePointer<Float>) {
        let scale = block.half(208)
        for half in 0..<2 {
            for part in 0..<2 {
                let first = block.byteLanes(64 * half + 16 * part)
                let second = block.byteLanes(64 * half + 32 + 16 * part)
                let high = block.byteLanes(128 + 32 * half + 16 * part)
                @inline(__always)
                func set(_ quarter: Int, _ low: ByteLanes, _ upper: ByteLanes) {
                    let group = block.load(fromByteOffset: 192 + 8 * half + 2 * quarter + part, as: Int8.self)
                    values.setLanes(
                        128 * half + 32 * quarter + 16 * part,
                        (scale * Float(group)) * FloatLanes(signed: (low | upper) &- 32))
                }
                set(0, first & 15, (high & 3) &<< 4)
                set(1, second & 15, (high & 12) &<< 2)
                set(2, first &>> 4, high & 48)
                set(3, second &>> 4, (high &>> 2) & 48)
            }
        }
    }
}
