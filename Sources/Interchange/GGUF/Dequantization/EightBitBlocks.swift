// Blocks of 32 numbers of eight bits: Q8_0.

/// A scale d (float16), then 32 signed bytes: elements are d·q.
enum Q8_0Block: GGUFBlock {
    static var type: GGUFType { .q8_0 }

    @inline(__always)
    static func decode(_ block: UnsafeRawPointer, into values: UnsafeMutablePointer<Float>) {
        let scale = block.half(0)
        values.setLanes(0, scale * FloatLanes(signed: block.byteLanes(2)))
        values.setLanes(16, scale * FloatLanes(signed: block.byteLanes(18)))
    }
}
