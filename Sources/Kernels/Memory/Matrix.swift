// Views of float memory that carry their shape: what every kernel takes and gives.

/// A row-major matrix in memory that somebody else owns; valid for as long as the owner is.
@frozen
public struct Matrix: @unchecked Sendable {
    public let base: UnsafeMutablePointer<Float>
    public let rows: Int
    public let columns: Int
    /// Distance between the starts of two rows, in elements; at least `columns`.
    public let stride: Int

    @inlinable
    public init(_ base: UnsafeMutablePointer<Float>, rows: Int, columns: Int, stride: Int? = nil) {
        self.base = base
        self.rows = rows
        self.columns = columns
        self.stride = stride ?? columns
        precondition(rows >= 0 && columns >= 0 && self.stride >= columns, "a matrix view of no possible shape")
    }

    /// A view of `arena`'s elements from `offset` on.
    public init(_ arena: FloatArena, offset: Int = 0, rows: Int, columns: Int) {
        precondition(
            offset >= 0 && offset + rows * columns <= arena.count,
            "(\(rows), \(columns)) at \(offset) does not fit an arena of \(arena.count)")
        self.init(arena.base + offset, rows: rows, columns: columns)
    }

    /// No matrix: the gradient of a frozen weight.
    public static let none = Matrix(UnsafeMutablePointer(bitPattern: 64)!, rows: 0, columns: 0)

    /// Nil where there is no matrix.
    public var ifAny: Matrix? { rows == 0 ? nil : self }

    /// The elements of one row.
    @inlinable
    public func row(_ index: Int) -> UnsafeMutablePointer<Float> {
        assert(index >= 0 && index < rows)
        return base + index * stride
    }

    /// A view of one row.
    @inlinable
    public func vector(_ index: Int) -> Vector { Vector(row(index), count: columns) }

    /// A view of some of the rows.
    @inlinable
    public func rows(_ range: Range<Int>) -> Matrix {
        precondition(range.lowerBound >= 0 && range.upperBound <= rows, "rows \(range) of \(rows)")
        return Matrix(base + range.lowerBound * stride, rows: range.count, columns: columns, stride: stride)
    }

    /// A view of some of the columns.
    @inlinable
    public func columns(_ range: Range<Int>) -> Matrix {
        precondition(range.lowerBound >= 0 && range.upperBound <= columns, "columns \(range) of \(columns)")
        return Matrix(base + range.lowerBound, rows: rows, columns: range.count, stride: stride)
    }

    /// Whether the rows follow one another without gaps.
    @inlinable
    public var isContiguous: Bool { stride == columns || rows <= 1 }

    /// The shape as `(rows, columns)`, for messages.
    public var shape: String { "(\(rows), \(columns))" }
}

/// A run of floats in memory that somebody else owns; valid for as long as the owner is.
@frozen
public struct Vector: @unchecked Sendable {
    public let base: UnsafeMutablePointer<Float>
    public let count: Int

    @inlinable
    public init(_ base: UnsafeMutablePointer<Float>, count: Int) {
        self.base = base
        self.count = count
    }

    /// A view of `arena`'s elements from `offset` on.
    public init(_ arena: FloatArena, offset: Int = 0, count: Int) {
        precondition(
            offset >= 0 && offset + count <= arena.count,
            "\(count) elements at \(offset) do not fit an arena of \(arena.count)")
        self.init(arena.base + offset, count: count)
    }

    /// No vector: the gradient of a frozen weight.
    public static let none = Vector(UnsafeMutablePointer(bitPattern: 64)!, count: 0)

    /// Nil where there is no vector.
    public var ifAny: Vector? { count == 0 ? nil : self }

    /// A copy of the elements.
    public var values: [Float] { Array(UnsafeBufferPointer(start: base, count: count)) }

    @inlinable
    public subscript(index: Int) -> Float {
        get { base[index] }
        nonmutating set { base[index] = newValue }
    }
}
