// Causal attention over ragged batches against the double-precision reference, and over a cache.

import Kernels
import TestSupport
import Testing

/// Lengths, heads and widths of one comparison.
struct AttentionSize: Sendable, CustomTestStringConvertible {
    let lengths: [Int]
    let headCount: Int
    let keyValueHeadCount: Int
    let headWidth: Int
    let scale: Double?
    let window: Int?
    var testDescription: String {
        "lengths \(lengths), \(headCount) heads on \(keyValueHeadCount) of \(headWidth)"
            + (scale.map { ", scale \($0)" } ?? "")
            + (window.map { ", window \($0)" } ?? "")
    }

    init(
        _ lengths: [Int], _ headCount: Int, on keyValueHeadCount: Int? = nil, _ headWidth: Int, scale: Double? = nil,
        window: Int? = nil
    ) {
        (self.lengths, self.headCount, self.headWidth) = (lengths, headCount, headWidth)
        self.keyValueHeadCount = keyValueHeadCount ?? headCount
        (self.scale, self.window) = (scale, window)
    }

    func problem(dropping: Bool, seed: UInt64 = 1) -> AttentionCase {
        AttentionCase(
            lengths: lengths, headCount: headCount, keyValueHeadCount: keyValueHeadCount, headWidth: headWidth,
            scale: scale, window: window, dropout: dropping ? AttentionTests.dropout : nil, seed: seed)
    }

    /// 64 queries are a block of the kernel: 63, 64, 65 and 130 test its edges.
    static let small = [
        AttentionSize([1], 1, 1), AttentionSize([5], 1, 7), AttentionSize([17], 3, 5), AttentionSize([2, 1, 7], 2, 16),
        AttentionSize([1, 1, 1], 4, 3), AttentionSize([16, 3, 33], 2, 4),
    ]
    static let large = [AttentionSize([70, 1, 130], 1, 2), AttentionSize([63, 64, 65], 2, 3)]
    /// Windows of one position, of about a block, longer than the sequence; scores scaled otherwise, or not at all.
    static let local = [
        AttentionSize([5], 1, 7, window: 1), AttentionSize([17, 3], 3, 5, scale: 1, window: 4),
        AttentionSize([65, 1, 131], 1, 2, window: 64), AttentionSize([131], 1, 2, scale: 0.3, window: 65),
        AttentionSize([130], 2, 2, window: 3), AttentionSize([16, 33], 2, 4, window: 256),
        AttentionSize([7], 2, 3, scale: 1),
    ]
    /// Query heads that share key/value heads: one for all, pairs, threes; with windows; across blocks of queries.
    static let grouped = [
        AttentionSize([5, 2], 3, on: 1, 7), AttentionSize([17, 3], 4, on: 2, 5), AttentionSize([66], 6, on: 2, 3),
        AttentionSize([9, 70], 4, on: 1, 2, window: 6), AttentionSize([33], 6, on: 3, 16, scale: 0.4),
    ]
    static let all = small + large + local + grouped
}

@Suite struct AttentionTests {
    static let dropout = DropoutKey(rate: 0.25, seed: 7, step: 3, site: 5)

    @Test(arguments: AttentionSize.all, [false, true])
    func forward(size: AttentionSize, dropping: Bool) {
        let problem = size.problem(dropping: dropping)
        let (output, logSumExp) = problem.forward()
        problem.eachHead { rows, head, inputs, mask in
            let expected = Reference.attention(inputs, mask: mask)
            let actual = problem.columns(of: output.doubles, rows: rows, head: head)
            #expect(relativeError(actual, expected.output) < tolerance, "head \(head) of rows \(rows)")
            let logs = rows.map { Double(logSumExp.matrix.row(head)[$0]) }
            #expect(zip(logs, expected.logSumExp).allSatisfy { abs($0 - $1) < 1e-5 })
        }
        #expect(output.isIntact && logSumExp.isIntact && problem.qkv.isIntact)
    }

    @Test(arguments: AttentionSize.all, [false, true])
    func backwardAddsTheGradients(size: AttentionSize, dropping: Bool) {
        let problem = size.problem(dropping: dropping, seed: 11)
        let dQKV = Grid.random(problem.rowCount, problem.qkv.matrix.columns, seed: 13)
        let before = dQKV.doubles
        problem.backward(into: dQKV)
        #expect(dQKV.isIntact)

        var slopes = [Double](repeating: 0, count: before.count)
        problem.eachHead { rows, head, inputs, mask in
            let dOutput = problem.columns(of: problem.dOutput.doubles, rows: rows, head: head)
            let slope = centralDifference(
                of: { numbers in
                    var moved = inputs
                    moved.flat = numbers
                    return inner(Reference.attention(moved, mask: mask).output, dOutput)
                }, at: inputs.flat)
            Reference.AttentionHead.scatter(
                slope, into: &slopes, rows: rows, head: head, headCount: size.headCount,
                keyValueHeadCount: size.keyValueHeadCount, width: size.headWidth)
        }
        let actual = zip(dQKV.doubles, before).map { $0 - $1 }
        // Queries, keys and values one by one: the largest of them must not hide an error in the smallest.
        let (queries, keys) = (problem.width, problem.keyWidth)
        for (block, columns) in [0..<queries, queries..<(queries + keys), (queries + keys)..<(queries + 2 * keys)]
            .enumerated()
        {
            let places = actual.indices.filter { columns.contains($0 % (queries + 2 * keys)) }
            let (o, s) = (places.map { actual[$0] }, places.map { slopes[$0] })
            // What was in the destination adds its own rounding, so the difference is judged with it.
            let scale = places.map { before[$0] }
            #expect(relativeError(sum(o, scale), sum(s, scale)) < tolerance, "block \(block) of q, k, v")
        }
    }

    /// What is after a query changes no bit of its output. (It must be finite: zero times infinity is NaN.)
    @Test func theFutureIsInvisible() {
        let problem = AttentionCase(lengths: [130], headCount: 2, headWidth: 5)
        let before = problem.forward().output.values
        for row in 71..<130 {
            for column in 10..<30 { problem.qkv.matrix.row(row)[column] = 1e30 }
        }
        #expect(problem.forward().output.values.prefix(71 * 10) == before.prefix(71 * 10))
    }

    /// Scores of ±1e4 leave probabilities of zero and one, and no NaN.
    @Test func extremeScores() {
        let problem = AttentionCase(lengths: [70], headCount: 1, headWidth: 4)
        for row in 0..<70 {
            for column in 0..<8 { problem.qkv.matrix.row(row)[column] *= 100 }
        }
        let dQKV = Grid(70, 12, filledWith: 0)
        problem.backward(into: dQKV)
        let expected = Reference.attention(
            Reference.AttentionHead(problem.qkv.doubles, rows: 0..<70, head: 0, headCount: 1, width: 4)
        ).output
        // Scores of size 1e4 carry roundings of 1e-3, which the exponential passes on.
        #expect(relativeError(problem.forward().output.values, expected) < 5e-3)
        #expect(dQKV.values.allSatisfy { $0.isFinite })
    }

    /// A rate of zero gives the results without dropout, bit for bit.
    @Test func rateZero() {
        let plain = AttentionCase(lengths: [17, 70], headCount: 2, headWidth: 3)
        let zero = AttentionCase(
            lengths: [17, 70], headCount: 2, headWidth: 3, dropout: DropoutKey(rate: 0, seed: 1, step: 2, site: 3))
        #expect(plain.forward().output.values == zero.forward().output.values)
    }

    /// Keys and values before a window may hold anything: they are not read, or NaN times zero would show.
    @Test func whatIsBeforeTheWindowIsNotRead() {
        let problem = AttentionCase(lengths: [200], headCount: 1, headWidth: 3, window: 8)
        let before = problem.forward().output.values
        for row in 0..<100 {
            for column in 3..<9 { problem.qkv.matrix.row(row)[column] = .nan }
        }
        // The block of queries 128 to 191 is the first whose keys, from 121 on, are all after the NaNs.
        #expect(problem.forward().output.values.suffix(72 * 3) == before.suffix(72 * 3))
    }

    /// New positions after 0, 1, 63 and more cached ones see what the full pass shows them.
    @Test(arguments: [(1, 1), (3, 7), (2, 16), (4, 33), (2, 64), (1, 130)], [0, 1, 63, 69])
    func cached(heads: (Int, Int), start: Int) {
        compareCached(AttentionCase(lengths: [70], headCount: heads.0, headWidth: heads.1), start: start)
    }

    @Test(arguments: [1, 5, 64, 99], [0, 1, 63, 69]) func cachedWithAWindow(window: Int, start: Int) {
        compareCached(
            AttentionCase(lengths: [70], headCount: 2, headWidth: 5, scale: 0.7, window: window), start: start)
    }

    @Test(arguments: [(4, 2, 16), (6, 2, 5), (3, 1, 64)], [0, 1, 63, 69])
    func cachedWithGroups(heads: (Int, Int, Int), start: Int) {
        compareCached(
            AttentionCase(
                lengths: [70], headCount: heads.0, keyValueHeadCount: heads.1, headWidth: heads.2), start: start)
    }

    private func compareCached(_ problem: AttentionCase, start: Int) {
        let (C, D, new) = (problem.width, problem.headWidth, start..<70)
        let full = problem.forward().output.doubles
        // A cache is longer than what it holds; what is after that must not matter.
        let rows = 80 * problem.keyValueHeadCount
        let (keys, values) = (Grid(rows, D, filledWith: .nan), Grid(rows, D, filledWith: .nan))
        for row in 0..<70 {
            for head in 0..<problem.keyValueHeadCount {
                let source = problem.qkv.matrix.row(row) + head * D
                keys.matrix.row(head * 80 + row).update(from: source + C, count: D)
                values.matrix.row(head * 80 + row).update(from: source + C + problem.keyWidth, count: D)
            }
        }
        let output = Grid(new.count, C, filledWith: .nan)
        CachedAttention.forward(
            into: output.matrix, queries: problem.qkv.matrix.rows(new),
            .init(keys: keys.matrix, values: values.matrix, headCount: problem.keyValueHeadCount),
            start: start,
            scale: Float(problem.scale), window: problem.window)
        problem.eachHead { rows, head, inputs, _ in
            let all = Reference.attention(inputs).output
            let actual = (0..<new.count).flatMap { row in
                (0..<D).map { Double(output.matrix.row(row)[head * D + $0]) }
            }
            #expect(relativeError(actual, Array(all[(start * D)...])) < tolerance)
        }
        #expect(relativeError(output.values, Array(full[(start * C)...])) < tolerance)
        #expect(output.isIntact)
    }
}
