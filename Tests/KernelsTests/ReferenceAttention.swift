// Attention of one head over one sequence, in double precision.

import Foundation

extension Reference {
    /// Queries, keys and values of one head of one sequence: (T, D) each.
    struct AttentionHead {
        var query: [Double]
        var key: [Double]
        var value: [Double]
        let length: Int
        let width: Int
        let scale: Double
        /// Positions that a query sees, itself included.
        let window: Int?

        /// All numbers in one array, as `centralDifference` moves them.
        var flat: [Double] {
            get { query + key + value }
            set {
                let count = length * width
                (query, key, value) = (
                    Array(newValue[..<count]), Array(newValue[count..<(2 * count)]), Array(newValue[(2 * count)...])
                )
            }
        }

        /// A head's columns of the rows of one sequence in (N, (H + 2K)·D): queries, keys, values. Query head h reads
        /// key/value head h / (H / K).
        ///
        /// - Parameter keyValueHeadCount: H where it is nil.
        init(
            _ qkv: [Double], rows: Range<Int>, head: Int, headCount: Int, keyValueHeadCount: Int? = nil, width: Int,
            scale: Double? = nil, window: Int? = nil
        ) {
            let place = Place(head: head, headCount, keyValueHeadCount ?? headCount, width)
            func part(_ block: Int) -> [Double] {
                rows.flatMap { row in (0..<width).map { qkv[row * place.columns + place.starts[block] + $0] } }
            }
            (query, key, value) = (part(0), part(1), part(2))
            (length, self.width) = (rows.count, width)
            (self.scale, self.window) = (scale ?? 1 / Double(width).squareRoot(), window)
        }

        /// Adds the numbers of `flat` back to where the initializer found them.
        static func scatter(
            _ flat: [Double], into qkv: inout [Double], rows: Range<Int>, head: Int, headCount: Int,
            keyValueHeadCount: Int, width: Int
        ) {
            let place = Place(head: head, headCount, keyValueHeadCount, width)
            for block in 0..<3 {
                for (index, row) in rows.enumerated() {
                    for column in 0..<width {
                        qkv[row * place.columns + place.starts[block] + column] +=
                            flat[(block * rows.count + index) * width + column]
                    }
                }
            }
        }

        /// Where the columns of a head's query, key and value start.
        private struct Place {
            let columns: Int
            let starts: [Int]

            init(head: Int, _ headCount: Int, _ keyValueHeadCount: Int, _ width: Int) {
                columns = (headCount + 2 * keyValueHeadCount) * width
                let shared = head * keyValueHeadCount / headCount
                starts = [head, headCount + shared, headCount + keyValueHeadCount + shared].map { $0 * width }
            }
        }
    }

    /// output[i] = Σ mask[i, j] softmax_j(scale · q[i]·k[j]) v[j] over i - window < j ≤ i, and each row's log-sum-exp.
    ///
    /// - Parameter mask: (T, T) factors of the probabilities, or nil for ones.
    static func attention(_ head: AttentionHead, mask: [Double]? = nil) -> (output: [Double], logSumExp: [Double]) {
        let (T, D) = (head.length, head.width)
        var output = [Double](repeating: 0, count: T * D)
        var logs = [Double](repeating: 0, count: T)
        var scores = [Double](repeating: 0, count: T)
        for i in 0..<T {
            var maximum = -Double.infinity
            let seen = (0...i).filter { j in head.window.map { i - $0 < j } ?? true }
            for j in seen {
                var score = 0.0
                for d in 0..<D { score += head.query[i * D + d] * head.key[j * D + d] }
                scores[j] = score * head.scale
                maximum = max(maximum, scores[j])
            }
            var total = 0.0
            for j in seen {
                scores[j] = exp(scores[j] - maximum)
                total += scores[j]
            }
            logs[i] = maximum + log(total)
            for j in seen {
                let probability = scores[j] / total * (mask.map { $0[i * T + j] } ?? 1)
                for d in 0..<D { output[i * D + d] += probability * head.value[j * D + d] }
            }
        }
        return (output, logs)
    }
}
