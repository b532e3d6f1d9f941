// From a character to its token, for vocabularies whose tokens consist of characters.

/// The token of each Unicode scalar, in two levels: 256 scalars share a block, and only blocks with tokens are stored.
///
/// Written in the initialiser only and freed with the object, so sharing it between threads is safe.
final class CharacterTable: @unchecked Sendable {
    private static let blockCount = 0x110000 >> 8

    private let blocks: UnsafeMutablePointer<Int32>
    private let tokens: UnsafeMutablePointer<Int32>

    init(_ tokenOfScalar: [UInt32: Int32]) {
        let places = Set(tokenOfScalar.keys.map { Int($0 >> 8) }).sorted()
        blocks = .allocate(capacity: Self.blockCount)
        blocks.initialize(repeating: 0, count: Self.blockCount)
        // The first block is the one of all places without tokens.
        tokens = .allocate(capacity: (places.count + 1) << 8)
        tokens.initialize(repeating: -1, count: (places.count + 1) << 8)
        for (index, place) in places.enumerated() { blocks[place] = Int32(index + 1) << 8 }
        for (scalar, token) in tokenOfScalar {
            tokens[Int(blocks[Int(scalar >> 8)]) + Int(scalar & 0xFF)] = token
        }
    }

    deinit {
        blocks.deallocate()
        tokens.deallocate()
    }

    /// The token, or -1.
    @inline(__always)
    subscript(scalar: UInt32) -> Int32 { tokens[Int(blocks[Int(scalar >> 8)]) + Int(scalar & 0xFF)] }
}
