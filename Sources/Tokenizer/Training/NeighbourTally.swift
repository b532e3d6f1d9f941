// What stands beside the token that one step of training makes.

/// The neighbours of a new token on both sides, gathered during one step.
struct NeighbourTally {
    /// One side: for each neighbouring token, how often it was met and where the new pair stands.
    struct Side {
        /// The neighbours in the order in which they were met.
        private(set) var tokens: [Int32] = []
        /// By token: the summed weight with which it was met.
        private(set) var noted: [Int] = []
        /// By token: the weight that was taken back in the same step.
        private var taken: [Int] = []
        /// By token: the number of its places.
        private(set) var occurrences: [Int] = []
        /// By token: its place in `tokens`.
        private var slots: [Int32] = []
        /// The places of the new pairs, ascending, each with its neighbour's place in `tokens`.
        private(set) var places: [(slot: Int32, place: Int32)] = []

        mutating func begin(tokenCount: Int) {
            for token in tokens {
                noted[Int(token)] = 0
                taken[Int(token)] = 0
                occurrences[Int(token)] = 0
            }
            tokens.removeAll(keepingCapacity: true)
            places.removeAll(keepingCapacity: true)
            let missing = tokenCount - noted.count
            if missing > 0 {
                noted.append(contentsOf: repeatElement(0, count: missing))
                taken.append(contentsOf: repeatElement(0, count: missing))
                occurrences.append(contentsOf: repeatElement(0, count: missing))
                slots.append(contentsOf: repeatElement(0, count: missing))
            }
        }

        @inline(__always)
        mutating func note(_ token: Int32, at place: Int, weight: Int) {
            if occurrences[Int(token)] == 0 {
                slots[Int(token)] = Int32(tokens.count)
                tokens.append(token)
            }
            noted[Int(token)] += weight
            occurrences[Int(token)] += 1
            places.append((slots[Int(token)], Int32(place)))
        }

        /// Takes back a pair that a later merge of the same step has broken; it was noted before.
        mutating func take(_ token: Int32, weight: Int) { taken[Int(token)] += weight }

        /// The weight of the new pair at the end of the step.
        func kept(_ token: Int32) -> Int { noted[Int(token)] - taken[Int(token)] }
    }

    var left = Side()
    var right = Side()

    mutating func begin(tokenCount: Int) {
        left.begin(tokenCount: tokenCount)
        right.begin(tokenCount: tokenCount)
    }
}
