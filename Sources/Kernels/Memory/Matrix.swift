// Views of float memory that carry their shape: what every kernel takes and gives.

/// A row-major matrix in memory that somebody else owns; valid for as long as the owner is.
package struct Matrix: @unchecked Sendable {
    package let base: UnsafeMutablePointer<Float>
    package let rows: Int
    package let columns: Int
    /// Distance between the starts of two rows, in elements; at least `columns`.
    package let stride: Int

    @inlinable
    package init(_ base: UnsafeMutablePointer<Float>, rows: Int, columns: Int, stride: Int? = nil) {
        self.base = base
        self.rows = rows
        self.columns = columns
        self.stride = stride ?? columns
        precondition(rows >= 0 && columns >= 0 && self.stride >= columns, "a matrix view of no possible shape")
    }

    /// A view of `arena`'s elements from `offset` on.
    package init(_ arena: FloatArena, offset: Int = 0, rows: Int, columns: Int) {
        precondition(
            offset >= 0 && offset + rows * columns <= arena.count,
            "(\(rows), \(columns)) at \(offset) does not fit an arena of \(arena.count)")
        self.init(arena.base + offset, rows: rows, columns: columns)
    }

    /// No matrix: the gradient of a frozen weight.
    package static let none = Matrix(UnsafeMutablePointer(bitPattern: 64)!, rows: 0, columns: 0)

    /// Nil where there is no matrix.
    package var ifAny: Matrix? { rows == 0 ? nil : self }

    /// The elements of one row.
    @inlinable
    package func row(_ index: Int) -> UnsafeMutablePointer<Float> {
        assert(index >= 0 && index < rows)
        return base + index * stride
    }

    /// A view of one row.
    @inlinable
    package func vector(_ index: Int) -> Vector { Vector(row(index), count: columns) }

    /// A view of some of the rows.
    @inlinable
    package func rows(_ range: Range<Int>) -> Matrix {
        precondition(range.lowerBound >= 0 && range.upperBound <= rows, "rows \(range) of \(rows)")
        return Matrix(base + range.lowerBound * stride, rows: range.count, columns: columns, stride: stride)
    }

    /// A view of some of the columns.
    @inlinable
    package func columns(_ range: Range<Int>) -> Matrix {
        precondition(range.lowerBound >= 0 && range.upperBound <= columns, "columns \(range) of \(columns)")
        return Matrix(base + range.lowerBound, rows: rows, columns: range.count, stride: stride)
    }

    /// Overwrites `result` (columns, rows) with this matrix transposed: for small ones, on the calling thread.
    package func transpose(into result: Matrix) {
        precondition(
            result.rows == columns && result.columns == rows, "\(shape) transposed into \(result.shape)")
        for row in 0..<rows {
            for column in 0..<columns { result.row(column)[row] = self.row(row)[column] }
        }
    }

    /// Whether the rows follow one another without gaps.
    @inlinable
    package var isContiguous: Bool { stride == columns || rows <= 1 }

    /// The shape as `(rows, columns)`, for messages.
    package var shape: String { "(\(rows), \(columns))" }
}

/// A run of floats in memory that somebody else owns; valid for as long as the owner is.
package struct Vector: @unchecked Sendable {
    package let base: UnsafeMutablePointer<Float>
    package let count: Int

    @inlinable
    package init(_ base: UnsafeMutablePointer<Float>, count: Int) {
        self.base = base
        self.count = count
    }

    /// A view of `arena`'s elements from `offset` on.
    package init(_ arena: FloatArena, offset: Int = 0, count: Int) {
        precondition(
            offset >= 0 && offset + count <= arena.count,
            "\(count) elements at \(offset) do not fit an arena of \(arena.count)")
        self.init(arena.base + offset, count: count)
    }

    /// No vector: the gradient of a frozen weight.
    package static let none = Vector(UnsafeMutablePointer(bitPattern: 64)!, count: 0)

    /// Nil where there is no vector.
    package var ifAny: Vector? { count == 0 ? nil : self }

    /// A copy of the elements.
    package var values: [Float] { Array(UnsafeBufferPointer(start: base, count: count)) }

    @inlinable
    package subscript(index: Int) -> Float {
        get { base[index] }
        nonmutating set { base[index] = newValue }
    }
}
