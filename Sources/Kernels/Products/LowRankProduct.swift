// Products with a matrix of few rows, as LoRA's are: bound by how fast the wide operand is read and written.

/// The products of a (N, C) matrix and a (R, C) factor for a small R. A library packs the wide operand before it multiplies,
/// which costs more than these products themselves; here it is read once, in order. Each result is a sum in the order of its
/// columns or rows, whatever the number of threads and of the other rows, so that all of them give the same bits.
package enum LowRankProduct {
    /// Rows that share each register of the factor.
    private static let rowGroup = 4
    /// Columns of the factor that stay in the first-level cache.
    private static let columnBlock = 32 * laneCount
    /// Rows whose part of the wide operand stays in the second-level cache.
    private static let rowBlock = 32

    /// narrow = scale · wide · factorᵀ.
    ///
    /// - Parameters:
    ///   - narrow: (N, R), overwritten.
    ///   - wide: (N, C).
    ///   - factor: (R, C).
    package static func project(into narrow: Matrix, _ wide: Matrix, _ factor: Matrix, scale: Float = 1) {
        check(narrow, wide, factor)
        ParallelFor.ranges(wide.rows, grain: rowGroup) { rows in
            var row = rows.lowerBound
            while row + rowGroup <= rows.upperBound {
                for rank in stride(from: 0, to: factor.rows & ~1, by: 2) {
                    projectGroup(into: narrow, wide, factor, row, rank, scale)
                }
                if factor.rows % 2 == 1 {
                    for each in row..<row + rowGroup {
                        projectRow(into: narrow, wide, factor, each, factor.rows - 1, scale)
                    }
                }
                row += rowGroup
            }
            while row < rows.upperBound {
                for rank in 0..<factor.rows { projectRow(into: narrow, wide, factor, row, rank, scale) }
                row += 1
            }
        }
    }

    /// The sums of four rows and two ranks.
    private struct Sums {
        var (a0, a1, a2, a3) = (Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero)
        var (b0, b1, b2, b3) = (Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero)

        @inline(__always)
        mutating func add(_ f: Lanes, _ g: Lanes, _ y0: Lanes, _ y1: Lanes, _ y2: Lanes, _ y3: Lanes) {
            (a0, b0) = (a0.addingProduct(y0, f), b0.addingProduct(y0, g))
            (a1, b1) = (a1.addingProduct(y1, f), b1.addingProduct(y1, g))
            (a2, b2) = (a2.addingProduct(y2, f), b2.addingProduct(y2, g))
            (a3, b3) = (a3.addingProduct(y3, f), b3.addingProduct(y3, g))
        }
    }

    @inline(__always)
    private static func projectGroup(
        into narrow: Matrix, _ wide: Matrix, _ factor: Matrix, _ row: Int, _ rank: Int, _ scale: Float
    ) {
        let (x0, x1, x2, x3) = (wide.row(row), wide.row(row + 1), wide.row(row + 2), wide.row(row + 3))
        let (f, g) = (factor.row(rank), factor.row(rank + 1))
        var sums = Sums()
        var index = 0
        while index + laneCount <= wide.columns {
            sums.add(
                (f + index).lanes(), (g + index).lanes(), (x0 + index).lanes(), (x1 + index).lanes(),
                (x2 + index).lanes(), (x3 + index).lanes())
            index += laneCount
        }
        if index < wide.columns {
            func rest(_ base: UnsafeMutablePointer<Float>) -> Lanes { (base + index).group(of: wide.columns - index) }
            sums.add(rest(f), rest(g), rest(x0), rest(x1), rest(x2), rest(x3))
        }
        let (n0, n1, n2, n3) = (narrow.row(row), narrow.row(row + 1), narrow.row(row + 2), narrow.row(row + 3))
        (n0[rank], n0[rank + 1]) = (scale * sums.a0.total, scale * sums.b0.total)
        (n1[rank], n1[rank + 1]) = (scale * sums.a1.total, scale * sums.b1.total)
        (n2[rank], n2[rank + 1]) = (scale * sums.a2.total, scale * sums.b2.total)
        (n3[rank], n3[rank + 1]) = (scale * sums.a3.total, scale * sums.b3.total)
    }

    /// One result, with the bits that a group gives.
    private static func projectRow(
        into narrow: Matrix, _ wide: Matrix, _ factor: Matrix, _ row: Int, _ rank: Int, _ scale: Float
    ) {
        let (x, f) = (wide.row(row), factor.row(rank))
        var sum = Lanes.zero
        var index = 0
        while index + laneCount <= wide.columns {
            sum = sum.addingProduct((x + index).lanes(), (f + index).lanes())
            index += laneCount
        }
        if index < wide.columns {
            let count = wide.columns - index
            sum = sum.addingProduct((x + index).group(of: count), (f + index).group(of: count))
        }
        narrow.row(row)[rank] = scale * sum.total
    }

    /// wide += narrow · factor.
    ///
    /// - Parameters:
    ///   - wide: (N, C), added to.
    ///   - narrow: (N, R).
    ///   - factor: (R, C).
    package static func add(to wide: Matrix, _ narrow: Matrix, _ factor: Matrix) {
        check(narrow, wide, factor)
        ParallelFor.ranges(wide.rows, grain: rowGroup) { rows in
            for first in stride(from: 0, to: wide.columns, by: columnBlock) {
                let columns = first..<min(first + columnBlock, wide.columns)
                var row = rows.lowerBound
                while row + rowGroup <= rows.upperBound {
                    addGroup(to: wide, narrow, factor, row, columns)
                    row += rowGroup
                }
                while row < rows.upperBound {
                    addRow(to: wide, narrow, factor, row, columns)
                    row += 1
                }
            }
        }
    }

    @inline(__always)
    private static func addGroup(
        to wide: Matrix, _ narrow: Matrix, _ factor: Matrix, _ row: Int, _ columns: Range<Int>
    ) {
        let (y0, y1, y2, y3) = (wide.row(row), wide.row(row + 1), wide.row(row + 2), wide.row(row + 3))
        let (n0, n1, n2, n3) = (narrow.row(row), narrow.row(row + 1), narrow.row(row + 2), narrow.row(row + 3))
        var index = columns.lowerBound
        while index + laneCount <= columns.upperBound {
            var (s0, s1) = ((y0 + index).lanes(), (y1 + index).lanes())
            var (s2, s3) = ((y2 + index).lanes(), (y3 + index).lanes())
            for rank in 0..<factor.rows {
                let f = (factor.row(rank) + index).lanes()
                s0 = s0.addingProduct(Lanes(repeating: n0[rank]), f)
                s1 = s1.addingProduct(Lanes(repeating: n1[rank]), f)
                s2 = s2.addingProduct(Lanes(repeating: n2[rank]), f)
                s3 = s3.addingProduct(Lanes(repeating: n3[rank]), f)
            }
            (y0 + index).setLanes(s0)
            (y1 + index).setLanes(s1)
            (y2 + index).setLanes(s2)
            (y3 + index).setLanes(s3)
            index += laneCount
        }
        for each in row..<row + rowGroup {
            addScalars(to: wide, narrow, factor, each, index..<columns.upperBound)
        }
    }

    private static func addRow(
        to wide: Matrix, _ narrow: Matrix, _ factor: Matrix, _ row: Int, _ columns: Range<Int>
    ) {
        let (y, n) = (wide.row(row), narrow.row(row))
        var index = columns.lowerBound
        while index + laneCount <= columns.upperBound {
            var sum = (y + index).lanes()
            for rank in 0..<factor.rows {
                sum = sum.addingProduct(Lanes(repeating: n[rank]), (factor.row(rank) + index).lanes())
            }
            (y + index).setLanes(sum)
            index += laneCount
        }
        addScalars(to: wide, narrow, factor, row, index..<columns.upperBound)
    }

    /// The columns after the last complete group.
    private static func addScalars(
        to wide: Matrix, _ narrow: Matrix, _ factor: Matrix, _ row: Int, _ columns: Range<Int>
    ) {
        for column in columns {
            var sum = wide.row(row)[column]
            for rank in 0..<factor.rows { sum = sum.addingProduct(narrow.row(row)[rank], factor.row(rank)[column]) }
            wide.row(row)[column] = sum
        }
    }

    /// factor += narrowᵀ · wide.
    ///
    /// - Parameters:
    ///   - factor: (R, C), added to.
    ///   - narrow: (N, R).
    ///   - wide: (N, C).
    package static func addTransposed(to factor: Matrix, _ narrow: Matrix, _ wide: Matrix) {
        check(narrow, wide, factor)
        ParallelFor.ranges(wide.columns, grain: 2 * laneCount) { columns in
            for first in stride(from: 0, to: wide.rows, by: rowBlock) {
                let rows = first..<min(first + rowBlock, wide.rows)
                var rank = 0
                while rank + 4 <= factor.rows {
                    addFourRanks(to: factor, narrow, wide, rank, rows, columns)
                    rank += 4
                }
                while rank < factor.rows {
                    addRank(to: factor, narrow, wide, rank, rows, columns)
                    rank += 1
                }
            }
        }
    }

    @inline(__always)
    private static func addFourRanks(
        to factor: Matrix, _ narrow: Matrix, _ wide: Matrix, _ rank: Int, _ rows: Range<Int>, _ columns: Range<Int>
    ) {
        let (f0, f1) = (factor.row(rank), factor.row(rank + 1))
        let (f2, f3) = (factor.row(rank + 2), factor.row(rank + 3))
        var index = columns.lowerBound
        while index + laneCount <= columns.upperBound {
            var (s0, s1) = ((f0 + index).lanes(), (f1 + index).lanes())
            var (s2, s3) = ((f2 + index).lanes(), (f3 + index).lanes())
            for row in rows {
                let (x, n) = ((wide.row(row) + index).lanes(), narrow.row(row) + rank)
                s0 = s0.addingProduct(Lanes(repeating: n[0]), x)
                s1 = s1.addingProduct(Lanes(repeating: n[1]), x)
                s2 = s2.addingProduct(Lanes(repeating: n[2]), x)
                s3 = s3.addingProduct(Lanes(repeating: n[3]), x)
            }
            (f0 + index).setLanes(s0)
            (f1 + index).setLanes(s1)
            (f2 + index).setLanes(s2)
            (f3 + index).setLanes(s3)
            index += laneCount
        }
        for each in rank..<rank + 4 { addScalars(to: factor, narrow, wide, each, rows, index..<columns.upperBound) }
    }

    private static func addRank(
        to factor: Matrix, _ narrow: Matrix, _ wide: Matrix, _ rank: Int, _ rows: Range<Int>, _ columns: Range<Int>
    ) {
        let f = factor.row(rank)
        var index = columns.lowerBound
        while index + laneCount <= columns.upperBound {
            var sum = (f + index).lanes()
            for row in rows {
                sum = sum.addingProduct(Lanes(repeating: narrow.row(row)[rank]), (wide.row(row) + index).lanes())
            }
            (f + index).setLanes(sum)
            index += laneCount
        }
        addScalars(to: factor, narrow, wide, rank, rows, index..<columns.upperBound)
    }

    private static func addScalars(
        to factor: Matrix, _ narrow: Matrix, _ wide: Matrix, _ rank: Int, _ rows: Range<Int>, _ columns: Range<Int>
    ) {
        for column in columns {
            var sum = factor.row(rank)[column]
            for row in rows { sum = sum.addingProduct(narrow.row(row)[rank], wide.row(row)[column]) }
            factor.row(rank)[column] = sum
        }
    }

    private static func check(_ narrow: Matrix, _ wide: Matrix, _ factor: Matrix) {
        precondition(
            narrow.rows == wide.rows && narrow.columns == factor.rows && wide.columns == factor.columns,
            "low-rank product of shapes \(narrow.shape), \(wide.shape) and \(factor.shape)")
    }
}
