// Training: the most frequent pair becomes a token, over and over.

/// Learns merges from pieces.
///
/// Counts and first places only ever get worse for a pair once it has arisen, so a heap whose entries may be out of
/// date is enough: the first entry is looked at again, and either it is still true and wins, or it goes back. The
/// texts are walked once; a merge touches only the places where its pair stands.
struct BytePairTrainer {
    /// The token that begins at a place, or -1 inside a token and between pieces.
    private var heads: [Int32]
    /// The token that ends at a place, or -1.
    private var tails: [Int32]
    private let weights: [Int]
    private var lengths = [Int32](repeating: 1, count: 256)
    private var places: [Int32] = []
    private var records = PairRecords()
    private var heap = CandidateHeap([])
    private var neighbours = NeighbourTally()

    /// - Parameter pieces: fewer than 2³¹ tokens.
    init(_ pieces: TrainingPieces) {
        heads = pieces.tokens
        tails = pieces.tokens
        weights = pieces.weights
        countBytePairs()
    }

    /// Learns up to `limit` merges; fewer where no pair is left that stands in the texts twice.
    mutating func learn(limit: Int) -> [LearnedMerge] {
        var learned: [LearnedMerge] = []
        while learned.count < limit, let index = nextPair() {
            let record = records[index]
            let id = Int32(256 + learned.count)
            learned.append(LearnedMerge(left: record.left, right: record.right, id: id, count: record.count))
            lengths.append(lengths[Int(record.left)] + lengths[Int(record.right)])
            merge(record, into: id)
            records[index].count = 0
        }
        return learned
    }

    /// The most frequent pair, of equals the first; nil where none stands in the texts twice.
    private mutating func nextPair() -> Int? {
        while let candidate = heap.first {
            let index = Int(candidate.record)
            let count = records[index].count
            let record = records[index]
            let length = lengths[Int(record.left)] + lengths[Int(record.right)]
            guard count >= 2, length <= Vocabulary.longestToken, let place = firstPlace(of: index) else {
                heap.removeFirst()
                continue
            }
            if count == candidate.count, place == candidate.firstPlace {
                heap.removeFirst()
                return index
            }
            heap.replaceFirst(with: Candidate(count: count, firstPlace: place, record: candidate.record))
        }
        return nil
    }

    private mutating func firstPlace(of index: Int) -> Int32? {
        let record = records[index]
        var next = record.firstPlace
        while next < record.placesEnd, !stands(record, at: Int(places[next])) { next += 1 }
        records[index].firstPlace = next
        return next < record.placesEnd ? places[next] : nil
    }

    @inline(__always)
    private func stands(_ record: PairRecord, at place: Int) -> Bool {
        heads[place] == record.left && heads[place + Int(lengths[Int(record.left)])] == record.right
    }

    @inline(__always)
    private func weight(at place: Int) -> Int { weights.isEmpty ? 1 : weights[place] }

    private mutating func countBytePairs() {
        var counts = [Int](repeating: 0, count: 1 << 16)
        var occurrences = [Int](repeating: 0, count: 1 << 16)
        for place in 0..<max(0, heads.count - 1) where heads[place] >= 0 && heads[place + 1] >= 0 {
            let pair = Int(heads[place]) << 8 | Int(heads[place + 1])
            counts[pair] += weight(at: place)
            occurrences[pair] += 1
        }
        var nextPlace = [Int](repeating: 0, count: 1 << 16)
        var end = 0
        for pair in 0..<1 << 16 where counts[pair] >= 2 {
            nextPlace[pair] = end
            end += occurrences[pair]
        }
        places = [Int32](repeating: 0, count: end)
        for place in 0..<max(0, heads.count - 1) where heads[place] >= 0 && heads[place + 1] >= 0 {
            let pair = Int(heads[place]) << 8 | Int(heads[place + 1])
            guard counts[pair] >= 2 else { continue }
            places[nextPlace[pair]] = Int32(place)
            nextPlace[pair] += 1
        }
        var candidates: [Candidate] = []
        for pair in 0..<1 << 16 where counts[pair] >= 2 {
            let first = nextPlace[pair] - occurrences[pair]
            let record = PairRecord(
                left: Int32(pair >> 8), right: Int32(pair & 0xFF), count: counts[pair], firstPlace: first,
                placesEnd: nextPlace[pair])
            let index = records.append(record)
            candidates.append(Candidate(count: counts[pair], firstPlace: places[first], record: Int32(index)))
        }
        heap = CandidateHeap(candidates)
    }

    /// Replaces the pair by `id` everywhere, from left to right, and brings the counts of all pairs up to date.
    private mutating func merge(_ record: PairRecord, into id: Int32) {
        let leftLength = Int(lengths[Int(record.left)])
        let newLength = Int(lengths[Int(id)])
        neighbours.begin(tokenCount: Int(id) + 1)
        for next in record.firstPlace..<record.placesEnd {
            let place = Int(places[next])
            guard stands(record, at: place) else { continue }
            let weight = weight(at: place)
            let before = place > 0 ? tails[place - 1] : -1
            let after = heads[place + newLength]
            heads[place] = id
            heads[place + leftLength] = -1
            tails[place + leftLength - 1] = -1
            tails[place + newLength - 1] = id
            if before >= 0 {
                let start = place - Int(lengths[Int(before)])
                neighbours.left.note(before, at: start, weight: weight)
                // The pair of the token just made and the left one arose in this very step.
                if before == id { neighbours.right.take(record.left, weight: weight) }
            }
            if after >= 0 { neighbours.right.note(after, at: place, weight: weight) }
        }
        for token in neighbours.left.tokens where token != id {
            lose(token, record.left, weight: neighbours.left.noted[Int(token)])
        }
        for token in neighbours.right.tokens {
            lose(record.right, token, weight: neighbours.right.noted[Int(token)])
        }
        enter(neighbours.left) { token in (token, id) }
        enter(neighbours.right) { token in (id, token) }
    }

    private mutating func lose(_ left: Int32, _ right: Int32, weight: Int) {
        // Pairs that stand in the texts only once are not recorded.
        if let index = records.index(left, right) { records[index].count -= weight }
    }

    /// Records the pairs of the new token with its neighbours on one side.
    private mutating func enter(_ side: NeighbourTally.Side, pair: (Int32) -> (Int32, Int32)) {
        var nextPlace = [Int](repeating: -1, count: side.tokens.count)
        for (slot, token) in side.tokens.enumerated() where side.kept(token) >= 2 {
            nextPlace[slot] = places.count
            places.append(contentsOf: repeatElement(0, count: side.occurrences[Int(token)]))
        }
        for (slot, place) in side.places where nextPlace[Int(slot)] >= 0 {
            places[nextPlace[Int(slot)]] = place
            nextPlace[Int(slot)] += 1
        }
        for (slot, token) in side.tokens.enumerated() where nextPlace[slot] >= 0 {
            let (left, right) = pair(token)
            let first = nextPlace[slot] - side.occurrences[Int(token)]
            let record = PairRecord(
                left: left, right: right, count: side.kept(token), firstPlace: first, placesEnd: nextPlace[slot])
            let index = records.append(record)
            heap.push(Candidate(count: record.count, firstPlace: places[first], record: Int32(index)))
        }
    }
}
