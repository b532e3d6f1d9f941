// Counts how often each different piece stands in a text, in the order in which they first appear.

/// A piece of a text and how often it stands there.
struct CountedPiece {
    var start: Int
    var length: Int
    var count: Int
}

/// Counts pieces of one text buffer, which must outlive it.
///
/// Short pieces are found by their two-word key; long ones by the standard library's hash and their bytes.
struct PieceCounter {
    private struct Slot {
        var low: UInt64 = 0
        /// Zero in an empty slot.
        var high: UInt64 = 0
        var piece: Int = 0
    }

    private let text: UnsafePointer<UInt8>
    private let count: Int
    private let rules: PieceRules
    private let seed = PieceHashSeed.random()
    private var slots = [Slot](repeating: Slot(), count: 1 << 12)
    private var shortCount = 0
    private var longSlots = [Int32](repeating: -1, count: 1 << 8)
    private var longCount = 0
    /// In the order of their first appearance.
    private(set) var pieces: [CountedPiece] = []

    init(text: UnsafePointer<UInt8>, count: Int, rules: PieceRules) {
        self.text = text
        self.count = count
        self.rules = rules
    }

    /// Counts the pieces of a part of the text, as if the part were a text of its own.
    mutating func countPieces(of part: Range<Int>, classOfFirstByte: UnsafePointer<UInt8>) {
        let scanner = PieceScanner(
            base: text, count: part.upperBound, classOfFirstByte: classOfFirstByte, rules: rules)
        var start = part.lowerBound
        while start < part.upperBound {
            let end = scanner.pieceEnd(from: start)
            add(CountedPiece(start: start, length: end - start, count: 1))
            start = end
        }
    }

    /// Adds what another counter of the same text has counted; its pieces come after these.
    mutating func add(_ other: PieceCounter) {
        for piece in other.pieces { add(piece) }
    }

    @inline(__always)
    private mutating func add(_ piece: CountedPiece) {
        guard piece.length <= PieceKey.longestPiece else { return addLong(piece) }
        let key = PieceKey(start: text + piece.start, length: piece.length, available: count - piece.start)
        let mask = slots.count - 1
        let place = slots.withUnsafeBufferPointer { slots in
            var slot = Int(truncatingIfNeeded: key.hash(seed)) & mask
            while slots[slot].high != 0, slots[slot].low != key.low || slots[slot].high != key.high {
                slot = (slot + 1) & mask
            }
            return slot
        }
        if slots[place].high != 0 {
            pieces[slots[place].piece].count += piece.count
        } else {
            slots[place] = Slot(low: key.low, high: key.high, piece: pieces.count)
            pieces.append(piece)
            shortCount += 1
            if shortCount * 2 > slots.count { growShort() }
        }
    }

    private mutating func growShort() {
        var grown = [Slot](repeating: Slot(), count: slots.count * 2)
        for old in slots where old.high != 0 {
            let piece = pieces[old.piece]
            let key = PieceKey(start: text + piece.start, length: piece.length, available: count - piece.start)
            var slot = Int(truncatingIfNeeded: key.hash(seed)) & (grown.count - 1)
            while grown[slot].high != 0 { slot = (slot + 1) & (grown.count - 1) }
            grown[slot] = old
        }
        slots = grown
    }

    @inline(never)
    private mutating func addLong(_ piece: CountedPiece) {
        let bytes = UnsafeRawBufferPointer(start: text + piece.start, count: piece.length)
        var slot = Self.hash(bytes) & (longSlots.count - 1)
        while longSlots[slot] >= 0 {
            let known = Int(longSlots[slot])
            let knownBytes = UnsafeRawBufferPointer(start: text + pieces[known].start, count: pieces[known].length)
            if knownBytes.count == bytes.count, knownBytes.elementsEqual(bytes) {
                pieces[known].count += piece.count
                return
            }
            slot = (slot + 1) & (longSlots.count - 1)
        }
        longSlots[slot] = Int32(pieces.count)
        pieces.append(piece)
        longCount += 1
        if longCount * 2 > longSlots.count { growLong() }
    }

    private mutating func growLong() {
        var grown = [Int32](repeating: -1, count: longSlots.count * 2)
        for piece in longSlots where piece >= 0 {
            let known = pieces[Int(piece)]
            let bytes = UnsafeRawBufferPointer(start: text + known.start, count: known.length)
            var slot = Self.hash(bytes) & (grown.count - 1)
            while grown[slot] >= 0 { slot = (slot + 1) & (grown.count - 1) }
            grown[slot] = piece
        }
        longSlots = grown
    }

    private static func hash(_ bytes: UnsafeRawBufferPointer) -> Int {
        var hasher = Hasher()
        hasher.combine(bytes: bytes)
        return hasher.finalize()
    }
}
