// From training texts to the different pieces and their counts, on as many threads as wanted.

import Dispatch

/// The different pieces of some texts in one array of tokens, each followed by a gap.
struct TrainingPieces {
    /// The bytes of the pieces as tokens; -1 between pieces.
    private(set) var tokens: [Int32] = []
    /// How often the piece at each place stands in the texts; empty where every piece counts once.
    private(set) var weights: [Int] = []

    /// - Parameters:
    ///   - texts: each is cut by itself; no piece reaches over the end of a text.
    ///   - threads: at least 1.
    init(texts: [[UInt8]], split: Tokenizer.Split, threads: Int) {
        if let rules = PieceRules(split) {
            layOutPieces(texts, rules, threads: threads)
        } else {
            layOutWhole(texts)
        }
    }

    private mutating func layOutWhole(_ texts: [[UInt8]]) {
        tokens.reserveCapacity(texts.reduce(0) { $0 + $1.count + 1 })
        for text in texts {
            for byte in text { tokens.append(Int32(byte)) }
            tokens.append(-1)
        }
    }

    private mutating func layOutPieces(_ texts: [[UInt8]], _ rules: PieceRules, threads: Int) {
        let total = texts.reduce(0) { $0 + $1.count }
        let text = UnsafeMutablePointer<UInt8>.allocate(capacity: max(1, total))
        defer { text.deallocate() }
        var textEnds: [Int] = []
        var end = 0
        for source in texts {
            source.withUnsafeBufferPointer { buffer in
                if let base = buffer.baseAddress { (text + end).initialize(from: base, count: buffer.count) }
            }
            end += source.count
            textEnds.append(end)
        }
        let shares = Self.shares(of: UnsafeBufferPointer(start: text, count: total), textEnds: textEnds, count: threads)
        let pieces = Self.count(UnsafeBufferPointer(start: text, count: total), rules, shares: shares)
        let room = pieces.reduce(0) { $0 + $1.length + 1 }
        tokens.reserveCapacity(room)
        weights.reserveCapacity(room)
        for piece in pieces where piece.length > 1 {
            for place in piece.start..<piece.start + piece.length { tokens.append(Int32(text[place])) }
            tokens.append(-1)
            for _ in 0...piece.length { weights.append(piece.count) }
        }
    }

    /// Cuts the texts into `count` shares of about the same size, each a list of parts.
    ///
    /// A text may be cut between a character that is no white space and an ASCII one that is: no piece reaches over
    /// such a place, and none before it looks beyond. Line breaks are left out: Llama 3's pattern takes them with what
    /// stands before.
    private static func shares(
        of text: UnsafeBufferPointer<UInt8>, textEnds: [Int], count: Int
    ) -> [[Range<Int>]] {
        let target = max(1 << 16, (text.count + count - 1) / max(1, count))
        var shares: [[Range<Int>]] = [[]]
        var room = target
        var start = 0
        for textEnd in textEnds {
            while start < textEnd {
                if room <= 0, shares.count < count {
                    shares.append([])
                    room = target
                }
                var end = textEnd
                if textEnd - start > room, shares.count < count {
                    end = start + room
                    while end < textEnd, !isCut(text, at: end) { end += 1 }
                }
                shares[shares.count - 1].append(start..<end)
                room -= end - start
                start = end
            }
        }
        return shares
    }

    private static func isCut(_ text: UnsafeBufferPointer<UInt8>, at offset: Int) -> Bool {
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
        guard text[offset] == 0x20 || text[offset] == 0x09 else { return false }
        // A byte from 0x80 on may end a space of more than one byte.
        return !isSpace(text[offset - 1]) && text[offset - 1] < 0x80
    }

    private static func count(
        _ text: UnsafeBufferPointer<UInt8>, _ rules: PieceRules, shares: [[Range<Int>]]
    ) -> [CountedPiece] {
        guard let base = text.baseAddress else { return [] }
        let counters = UnsafeMutablePointer<PieceCounter>.allocate(capacity: shares.count)
        counters.initialize(repeating: PieceCounter(text: base, count: text.count, rules: rules), count: shares.count)
        defer {
            counters.deinitialize(count: shares.count)
            counters.deallocate()
        }
        // Each iteration touches its own counter only; the text is read.
        nonisolated(unsafe) let shared = counters
        DispatchQueue.concurrentPerform(iterations: shares.count) { share in
            ScalarClasses.ofFirstBytes.withUnsafeBufferPointer { classes in
                guard let classes = classes.baseAddress else { return }
                for part in shares[share] { shared[share].countPieces(of: part, classOfFirstByte: classes) }
            }
        }
        for share in 1..<max(1, shares.count) { counters[0].add(counters[share]) }
        return counters[0].pieces
    }
}
