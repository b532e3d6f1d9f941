// Assigns rows to training, validation and test.

import Datasets
import Kernels

/// Fractions and seed of a random split.
package struct SplitShares: Sendable, Equatable {
    package var validation: Double
    package var test: Double
    package var seed: UInt64

    package init(validation: Double = 0.1, test: Double = 0, seed: UInt64 = 1) {
        self.validation = validation
        self.test = test
        self.seed = seed
    }
}

enum SplitPlan {
    /// A group of similar prompts has at most one in this many rows; larger groups are broken up.
    private static let largestShare = 4

    /// The split of every row: the given one, otherwise a random one.
    ///
    /// Rows with equal or nearly equal prompts go to the same split, classes keep their proportions in each split, and
    /// the assignment depends only on content and seed, not on the order of rows or files.
    static func draw(_ corpus: Corpus, _ shares: SplitShares) -> [Split] {
        var result = corpus.entries.map { $0.givenSplit }
        let drawn = corpus.entries.indices.filter { corpus.entries[$0].split == nil }
        guard shares.validation > 0 || shares.test > 0, drawn.count > 1 else { return result }
        var groups = self.groups(corpus, drawn, corpus.nearPairs + corpus.nearPrompts)
        // Prompts from one pattern can form a single group: then group only equal prompts.
        if groups.contains(where: { $0.count * SplitPlan.largestShare > drawn.count }) {
            groups = self.groups(corpus, drawn, corpus.nearPairs)
        }
        let isClassification = corpus.task == .classification
        func stratum(_ index: Int) -> UInt64 { isClassification ? corpus.entries[index].answer.normalized : 0 }
        var sizes: [UInt64: Int] = [:]
        for index in drawn { sizes[stratum(index), default: 0] += 1 }
        var taken: [UInt64: (validation: Int, test: Int)] = [:]
        let order = groups.map { group -> (key: UInt64, rows: [Int]) in
            let least = group.map { corpus.entries[$0].fingerprint.exact }.min() ?? 0
            return (mix(least ^ mix(shares.seed)), group)
        }.sorted { $0.key != $1.key ? $0.key < $1.key : $0.rows[0] < $1.rows[0] }
        for (_, rows) in order {
            let key = stratum(rows[0])
            let size = Double(sizes[key] ?? 0)
            let wanted = ((shares.validation * size).rounded(), (shares.test * size).rounded())
            let have = taken[key] ?? (0, 0)
            // A group that would exceed the fraction by more than half its size stays in training.
            let split: Split
            if Double(have.validation) + Double(rows.count) / 2 <= wanted.0 {
                split = .validation
                taken[key] = (have.validation + rows.count, have.test)
            } else if Double(have.test) + Double(rows.count) / 2 <= wanted.1 {
                split = .test
                taken[key] = (have.validation, have.test + rows.count)
            } else {
                continue
            }
            for row in rows { result[row] = split }
        }
        return result
    }

    /// Groups of rows that must be in the same split, in row order.
    private static func groups(
        _ corpus: Corpus, _ rows: [Int], _ pairs: [NearDuplicates.Pair]
    ) -> [[Int]] {
        var parent = Array(corpus.entries.indices)
        func root(_ index: Int) -> Int {
            var index = index
            while parent[index] != index {
                parent[index] = parent[parent[index]]
                index = parent[index]
            }
            return index
        }
        func join(_ left: Int, _ right: Int) {
            let (left, right) = (root(left), root(right))
            parent[max(left, right)] = min(left, right)
        }
        var byPrompt: [UInt64: Int] = [:]
        var byRow: [UInt64: Int] = [:]
        for index in rows {
            let entry = corpus.entries[index]
            if entry.flags.contains(.hasAnswer), !entry.flags.contains(.emptyPrompt) {
                if let first = byPrompt[entry.prompt.normalized] { join(first, index) }
                byPrompt[entry.prompt.normalized] = index
            }
            if let first = byRow[entry.fingerprint.normalized] { join(first, index) }
            byRow[entry.fingerprint.normalized] = index
        }
        for pair in pairs { join(Int(pair.first), Int(pair.second)) }
        return Dictionary(grouping: rows) { root($0) }.values.sorted { $0[0] < $1[0] }
    }
}
