// A short piece of text in two machine words.

/// Up to fifteen bytes and their number, comparable in two instructions. The number stands in the last byte, so no key
/// is zero and a piece that ends in zero bytes differs from the one without them.
struct PieceKey: Equatable {
    static let longestPiece = 15

    let low: UInt64
    let high: UInt64

    /// - Parameters:
    ///   - length: 1 … 15 bytes from `start` on.
    ///   - available: how many bytes may be read from `start` on.
    @inline(__always)
    init(start: UnsafePointer<UInt8>, length: Int, available: Int) {
        var low: UInt64 = 0
        var high: UInt64 = 0
        if available >= 16 {
            low = UInt64(littleEndian: UnsafeRawPointer(start).loadUnaligned(as: UInt64.self))
            if length >= 8 {
                high = UInt64(littleEndian: UnsafeRawPointer(start + 8).loadUnaligned(as: UInt64.self))
                high &= (1 &<< (UInt64(length - 8) * 8)) &- 1
            } else {
                low &= (1 &<< (UInt64(length) * 8)) &- 1
            }
        } else {
            for place in 0..<min(length, 8) { low |= UInt64(start[place]) << (UInt64(place) * 8) }
            for place in 8..<max(length, 8) { high |= UInt64(start[place]) << (UInt64(place - 8) * 8) }
        }
        self.low = low
        self.high = high | UInt64(length) << 56
    }

    /// All bits of the key in 64.
    @inline(__always)
    func hash(_ seed: PieceHashSeed) -> UInt64 {
        let mixed = low ^ (high &* seed.first)
        let product = mixed.multipliedFullWidth(by: seed.second)
        return product.high ^ product.low
    }
}

/// Two odd numbers that make one hash of pieces out of many.
struct PieceHashSeed {
    let first: UInt64
    let second: UInt64

    /// Drawn anew, for a table that is searched until the key is found: no text can be made to collide.
    static func random() -> PieceHashSeed {
        PieceHashSeed(first: PairTable.randomMultiplier(), second: PairTable.randomMultiplier())
    }
}
