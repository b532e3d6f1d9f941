// Matrix products: the only file that calls OpenBLAS.

import COpenBLAS

/// C = scale · op(A) op(B), or added to C, where op transposes or not.
///
/// OpenBLAS computes on one thread; the output is cut over the threads of `ParallelFor`, so that one pool owns the
/// cores and no sum is ever split between threads: the same thread count gives the same bits.
public enum MatrixMultiply {
    /// Below this many multiply–adds a product runs on the calling thread.
    private static let smallestParallelWork = 64 * 64 * 32

    /// Pieces begin at multiples of this many rows or columns: OpenBLAS's widest register tile.
    private static let grain = 48

    /// Multiplies on all threads.
    ///
    /// - Parameters:
    ///   - c: (M, N), overwritten, or added to where `adding`.
    ///   - a: (M, K), or (K, M) where `transposingA`.
    ///   - b: (K, N), or (N, K) where `transposingB`.
    public static func run(
        into c: Matrix, _ a: Matrix, _ b: Matrix, transposingA: Bool = false, transposingB: Bool = false,
        scale: Float = 1, adding: Bool = false
    ) {
        let depth = transposingA ? a.rows : a.columns
        guard ParallelFor.threadCount > 1, c.rows * c.columns * depth >= smallestParallelWork else {
            runOnThisThread(
                into: c, a, b, transposingA: transposingA, transposingB: transposingB, scale: scale, adding: adding)
            return
        }
        if c.rows >= c.columns {
            ParallelFor.ranges(c.rows, grain: grain) { rows in
                let part = transposingA ? a.columns(rows) : a.rows(rows)
                runOnThisThread(
                    into: c.rows(rows), part, b, transposingA: transposingA, transposingB: transposingB,
                    scale: scale, adding: adding)
            }
        } else {
            ParallelFor.ranges(c.columns, grain: grain) { columns in
                let part = transposingB ? b.rows(columns) : b.columns(columns)
                runOnThisThread(
                    into: c.columns(columns), a, part, transposingA: transposingA, transposingB: transposingB,
                    scale: scale, adding: adding)
            }
        }
    }

    /// The same on the calling thread alone, for products inside a task that is already one of many.
    public static func runOnThisThread(
        into c: Matrix, _ a: Matrix, _ b: Matrix, transposingA: Bool = false, transposingB: Bool = false,
        scale: Float = 1, adding: Bool = false
    ) {
        let (m, k) = transposingA ? (a.columns, a.rows) : (a.rows, a.columns)
        let (depth, n) = transposingB ? (b.columns, b.rows) : (b.rows, b.columns)
        precondition(
            c.rows == m && c.columns == n && k == depth,
            "product of shapes \(a.shape)\(transposingA ? "ᵀ" : "") \(b.shape)\(transposingB ? "ᵀ" : "") into \(c.shape)"
        )
        guard m > 0, n > 0 else { return }
        cblas_sgemm(
            CblasRowMajor, transposingA ? CblasTrans : CblasNoTrans, transposingB ? CblasTrans : CblasNoTrans,
            Int32(m), Int32(n), Int32(k), scale, a.base, Int32(max(a.stride, 1)), b.base, Int32(max(b.stride, 1)),
            adding ? 1 : 0, c.base, Int32(c.stride))
    }
}
