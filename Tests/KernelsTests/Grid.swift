// Float memory of a test: a matrix between canaries, so that a kernel that reads or writes outside it is noticed.

import Kernels
import TestSupport

/// A matrix with gaps between its rows and a margin before and after; everything outside of it is a NaN of
/// known bits. A kernel that reads it spoils its result, one that writes it is seen by `isIntact`.
///
/// The memory is never given back: a view can then not outlive it, and the tests use a few megabytes in all.
struct Grid {
    let matrix: Matrix
    private let memory: UnsafeMutableBufferPointer<Float>

    private static let canary = Float(bitPattern: 0x7FC0_5A5A)
    private static let margin = 32

    /// - Parameters:
    ///   - gap: floats between two rows; 0 where a kernel asks for contiguous memory.
    ///   - value: of each element, by its number in row-major order.
    init(_ rows: Int, _ columns: Int, gap: Int = 5, _ value: (Int) -> Float) {
        let stride = columns + gap
        memory = .allocate(capacity: rows * stride + 2 * Grid.margin)
        memory.initialize(repeating: Grid.canary)
        guard let first = memory.baseAddress else { preconditionFailure("an empty buffer with a margin") }
        matrix = Matrix(first + Grid.margin, rows: rows, columns: columns, stride: stride)
        for row in 0..<rows {
            for column in 0..<columns { matrix.row(row)[column] = value(row * columns + column) }
        }
    }

    /// Every element the same.
    init(_ rows: Int, _ columns: Int, gap: Int = 5, filledWith value: Float) {
        self.init(rows, columns, gap: gap) { _ in value }
    }

    /// Normal numbers with mean 0 and the given standard deviation.
    static func random(_ rows: Int, _ columns: Int, seed: UInt64, deviation: Double = 1, gap: Int = 5) -> Grid {
        var generator = SplitMix64(seed: seed)
        return Grid(rows, columns, gap: gap) { _ in Float(generator.normalPair().0 * deviation) }
    }

    /// A copy of the elements in separate memory.
    func copy() -> Grid {
        let elements = values
        return Grid(matrix.rows, matrix.columns, gap: matrix.stride - matrix.columns) { elements[$0] }
    }

    /// The only row.
    var vector: Vector {
        precondition(matrix.rows == 1, "a vector of \(matrix.rows) rows")
        return Vector(matrix.base, count: matrix.columns)
    }

    /// The elements in row-major order, without the gaps.
    var values: [Float] {
        (0..<matrix.rows).flatMap { row in (0..<matrix.columns).map { matrix.row(row)[$0] } }
    }

    var doubles: [Double] { values.map(Double.init) }

    /// Whether every float outside the matrix is as it was.
    var isIntact: Bool {
        memory.indices.allSatisfy { index in
            let place = index - Grid.margin
            let inside =
                place >= 0 && place < matrix.rows * matrix.stride && place % matrix.stride < matrix.columns
            return inside || memory[index].bitPattern == Grid.canary.bitPattern
        }
    }
}

/// What the kernels may differ from the references by, as a share of the norm.
///
/// A float carries 6e-8 of relative rounding; a sum of a few hundred terms of either sign gathers up to about 1e-6 of
/// its norm, an exponential of arguments of size 10 as much. Measured over all kernels: below 2e-6. A wrong term, sign
/// or factor changes a result by 1e-3 and more.
let tolerance = 1e-5

/// Σ a·b: the scalar whose gradient is `b` where `a` is an output and `b` its gradient.
func inner(_ a: [Double], _ b: [Double]) -> Double {
    zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
}

/// a + b by elements.
func sum(_ a: [Double], _ b: [Double]) -> [Double] { zip(a, b).map { $0 + $1 } }
