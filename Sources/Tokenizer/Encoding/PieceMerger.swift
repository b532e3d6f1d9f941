// Merges the symbols of one piece into tokens: the pair of lowest rank first, of equal ones the leftmost.

/// The merging of pieces of any length, with the memory that it needs.
///
/// Short pieces are searched for their best pair anew after each merge, which for a word is fastest. Long ones keep
/// their pairs in a heap, so that half a megabyte of one letter takes n log n and not n² steps; they need 28 bytes of
/// memory per byte.
final class PieceMerger {
    private static let longestSearched = 96

    private let tables: EncodingTables
    private let pairs: PairTable.View
    private let tokenOfByte: UnsafePointer<Int32>
    private let hasBareCharacters: Bool
    /// The tokens of the last piece merged. There is room for `longestSearched` at any time.
    private(set) var tokens: UnsafeMutablePointer<Int32>
    private let ranks: UnsafeMutablePointer<UInt32>
    private let results: UnsafeMutablePointer<Int32>
    private var capacity = longestSearched

    init(_ tables: EncodingTables) {
        self.tables = tables
        pairs = tables.pairs.view
        tokenOfByte = tables.tokenOfByte
        hasBareCharacters = !tables.bareCharacters.isEmpty
        tokens = .allocate(capacity: capacity)
        ranks = .allocate(capacity: Self.longestSearched)
        results = .allocate(capacity: Self.longestSearched)
    }

    deinit {
        tokens.deallocate()
        ranks.deallocate()
        results.deallocate()
    }

    /// Merges `length` bytes, less than 2³¹, and returns the number of `tokens`, at most `length`; nil where the
    /// vocabulary lacks one of the bytes and refuses such texts.
    func merge(_ bytes: UnsafePointer<UInt8>, length: Int) -> Int? {
        reserve(length)
        guard let count = layOut(bytes, length) else { return nil }
        let merged = count <= Self.longestSearched ? mergeBySearch(count) : mergeByHeap(count)
        return hasBareCharacters ? spellBareCharacters(merged) : merged
    }

    /// Writes the tokens of the single bytes or characters.
    private func layOut(_ bytes: UnsafePointer<UInt8>, _ length: Int) -> Int? {
        if let characters = tables.characters {
            var writer = SymbolWriter(tables, tokens)
            return writer.write(bytes, length, characters)
        }
        var isComplete = true
        for place in 0..<length {
            let token = tokenOfByte[Int(bytes[place])]
            tokens[place] = token
            if token < 0 { isComplete = false }
        }
        if isComplete { return length }
        if tables.refusesMissingBytes { return nil }
        var writer = SymbolWriter(tables, tokens)
        return writer.write(bytes, length)
    }

    /// Gives back what a very long piece has needed.
    func trim() {
        guard capacity > 1 << 16 else { return }
        tokens.deallocate()
        capacity = Self.longestSearched
        tokens = .allocate(capacity: capacity)
    }

    private func reserve(_ length: Int) {
        guard length > capacity else { return }
        tokens.deallocate()
        capacity = length
        tokens = .allocate(capacity: capacity)
    }

    /// Puts the tokens of its bytes in place of each character that has none.
    private func spellBareCharacters(_ count: Int) -> Int {
        let first = Int32(tables.vocabularyCount)
        guard (0..<count).contains(where: { tokens[$0] >= first }) else { return count }
        let merged = Array(UnsafeBufferPointer(start: tokens, count: count))
        var writer = SymbolWriter(tables, tokens)
        for token in merged {
            if token < first {
                writer.append(token)
            } else if let scalar = Unicode.Scalar(tables.bareCharacters[Int(token - first)]) {
                writer.appendMissing(Array(String(scalar).utf8))
            }
        }
        return writer.finish()
    }

    private func mergeBySearch(_ length: Int) -> Int {
        let tokens = tokens
        var count = length
        for place in 0..<max(0, count - 1) {
            (ranks[place], results[place]) = pairs.find(tokens[place], tokens[place + 1])
        }
        while count > 1 {
            var best = 0
            var bestRank = ranks[0]
            for place in 1..<max(1, count - 1) where ranks[place] < bestRank {
                bestRank = ranks[place]
                best = place
            }
            guard bestRank != PairTable.noRank else { break }
            tokens[best] = results[best]
            count -= 1
            for place in best + 1..<max(best + 1, count) {
                tokens[place] = tokens[place + 1]
                ranks[place - 1] = ranks[place]
                results[place - 1] = results[place]
            }
            if best > 0 { (ranks[best - 1], results[best - 1]) = pairs.find(tokens[best - 1], tokens[best]) }
            if best + 1 < count { (ranks[best], results[best]) = pairs.find(tokens[best], tokens[best + 1]) }
        }
        return count
    }

    private func mergeByHeap(_ length: Int) -> Int {
        let tokens = tokens
        let links = UnsafeMutablePointer<(previous: Int32, next: Int32)>.allocate(capacity: length)
        defer { links.deallocate() }
        for place in 0..<length { links[place] = (Int32(place - 1), Int32(place + 1)) }
        var heap = MinimumHeap(capacity: 2 * length)
        defer { heap.deallocate() }
        for place in 0..<length - 1 {
            let rank = pairs.find(tokens[place], tokens[place + 1]).rank
            if rank != PairTable.noRank { heap.appendUnordered(UInt64(rank) << 32 | UInt64(place)) }
        }
        heap.order()
        let end = Int32(length)
        while let top = heap.popMinimum() {
            let place = Int32(truncatingIfNeeded: top & 0xFFFF_FFFF)
            let token = tokens[Int(place)]
            let next = links[Int(place)].next
            // An entry whose pair has changed since is out of date.
            guard token >= 0, next < end else { continue }
            let (rank, result) = pairs.find(token, tokens[Int(next)])
            guard rank == UInt32(top >> 32) else { continue }
            tokens[Int(place)] = result
            tokens[Int(next)] = -1
            let afterNext = links[Int(next)].next
            links[Int(place)].next = afterNext
            if afterNext < end {
                links[Int(afterNext)].previous = place
                let rank = pairs.find(result, tokens[Int(afterNext)]).rank
                if rank != PairTable.noRank { heap.push(UInt64(rank) << 32 | UInt64(place)) }
            }
            let previous = links[Int(place)].previous
            if previous >= 0 {
                let rank = pairs.find(tokens[Int(previous)], result).rank
                if rank != PairTable.noRank { heap.push(UInt64(rank) << 32 | UInt64(previous)) }
            }
        }
        var count = 0
        for place in 0..<length where tokens[place] >= 0 {
            tokens[count] = tokens[place]
            count += 1
        }
        return count
    }
}
