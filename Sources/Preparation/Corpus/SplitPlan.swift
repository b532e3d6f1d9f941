// Which rows are for training, which for validation and which for test.

import Datasets
import Kernels

/// Shares and seed of a split that is drawn.
public struct SplitShares: Sendable, Equatable {
    public var validation: Double
    public var test: Double
    public var seed: UInt64

    public init(validation: Double = 0.1, test: Double = 0, seed: UInt64 = 1) {
        self.validation = validation
        self.test = test
        self.seed = seed
    }
}

enum SplitPlan {
    /// A group of like prompts has at most this part of the rows, one in four; larger ones are no group.
    private static let largestShare = 4

    /// The split of every row: the given one, else drawn.
    ///
    /// Rows with equal or nearly equal prompts stay on one side; classes keep their shares on each side; and which
    /// group goes where depends on its own content and the seed, not on the order of rows or files.
    static func draw(_ corpus: Corpus, _ shares: SplitShares) -> [Split] {
        var result = corpus.entries.map { $0.givenSplit }
        let drawn = corpus.entries.indices.filter { corpus.entries[$0].split == nil }
        guard shares.validation > 0 || shares.test > 0, drawn.count > 1 else { return result }
        var groups = self.groups(corpus, drawn, corpus.nearPairs + corpus.nearPrompts)
        // Prompts from one mould can hang together as a whole: then only those that are equal stay on one side.
        if groups.contains(where: { $0.count * SplitPlan.largestShare > drawn.count }) {
            groups = self.groups(corpus, drawn, corpus.nearPairs)
        }
        let isClassification = corpus.task == .classification
        func stratum(_ index: Int) -> UInt64 { isClassification ? corpus.entries[index].answer.normalised : 0 }
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
            // A group that would overshoot by more than half of itself stays in training.
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

    /// Rows that have to stay together, each group in the order of its rows.
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
                if let first = byPrompt[entry.prompt.normalised] { join(first, index) }
                byPrompt[entry.prompt.normalised] = index
            }
            if let first = byRow[entry.fingerprint.normalised] { join(first, index) }
            byRow[entry.fingerprint.normalised] = index
        }
        for pair in pairs { join(Int(pair.first), Int(pair.second)) }
        return Dictionary(grouping: rows) { root($0) }.values.sorted { $0[0] < $1[0] }
    }
}
