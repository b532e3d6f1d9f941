// The pairs in the order in which training takes them.

/// A pair as it was when it was last looked at.
struct Candidate {
    let count: Int
    /// The first place in the texts where the pair stands.
    let firstPlace: Int32
    let record: Int32

    /// More frequent first, and of equally frequent ones the one that stands first in the texts.
    @inline(__always)
    func precedes(_ other: Candidate) -> Bool {
        count != other.count ? count > other.count : firstPlace < other.firstPlace
    }
}

/// A binary heap of candidates.
struct CandidateHeap {
    private var candidates: [Candidate] = []

    init(_ candidates: [Candidate]) {
        self.candidates = candidates
        for place in stride(from: candidates.count / 2 - 1, through: 0, by: -1) { sink(from: place) }
    }

    var first: Candidate? { candidates.first }

    mutating func push(_ candidate: Candidate) {
        candidates.append(candidate)
        var place = candidates.count - 1
        while place > 0 {
            let parent = (place - 1) / 2
            guard candidate.precedes(candidates[parent]) else { break }
            candidates[place] = candidates[parent]
            place = parent
        }
        candidates[place] = candidate
    }

    mutating func removeFirst() {
        let last = candidates.removeLast()
        guard !candidates.isEmpty else { return }
        candidates[0] = last
        sink(from: 0)
    }

    mutating func replaceFirst(with candidate: Candidate) {
        candidates[0] = candidate
        sink(from: 0)
    }

    private mutating func sink(from start: Int) {
        let sinking = candidates[start]
        var place = start
        while true {
            var child = 2 * place + 1
            guard child < candidates.count else { break }
            if child + 1 < candidates.count, candidates[child + 1].precedes(candidates[child]) { child += 1 }
            guard candidates[child].precedes(sinking) else { break }
            candidates[place] = candidates[child]
            place = child
        }
        candidates[place] = sinking
    }
}
