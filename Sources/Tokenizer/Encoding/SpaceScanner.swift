// Cuts a text before spaces over which no merge reaches.

/// A piece reaches up to a space before which the text may be cut. Spaces stand for ▁ here.
struct SpaceScanner: PieceCutter {
    let base: UnsafePointer<UInt8>
    let count: Int
    /// 256 entries: whether the text may be cut before a space that follows this byte.
    let cutsAfter: UnsafePointer<Bool>

    @inline(__always)
    func pieceEnd(from start: Int) -> Int {
        var end = start + 1
        while end < count, base[end] != 0x20 || !cutsAfter[Int(base[end - 1])] { end += 1 }
        return end
    }
}
