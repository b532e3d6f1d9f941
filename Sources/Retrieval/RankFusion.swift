// One ranking of two: what is near in meaning, and what has the words.

/// Reciprocal rank fusion (Cormack, Clarke & Büttcher 2009): an item scores Σ 1 / (k + rank) over the rankings that have it.
package enum RankFusion {
    /// The paper's k.
    package static let constant = 60.0

    /// - Parameter rankings: items, the best first, none twice in one ranking.
    /// - Returns: all items with their scores, the best first; those with equal scores in the order of the first ranking that
    ///   has them.
    package static func fuse(_ rankings: [[Int]]) -> [(item: Int, score: Double)] {
        var (scores, order): ([Int: Double], [Int]) = ([:], [])
        for ranking in rankings {
            for (rank, item) in ranking.enumerated() {
                if scores[item] == nil { order.append(item) }
                scores[item, default: 0] += 1 / (constant + Double(rank + 1))
            }
        }
        return order.enumerated()
            .map { (place: $0.offset, item: $0.element, score: scores[$0.element] ?? 0) }
            .sorted { ($1.score, $0.place) < ($0.score, $1.place) }
            .map { ($0.item, $0.score) }
    }
}
