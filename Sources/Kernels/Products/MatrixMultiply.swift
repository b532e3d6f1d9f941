// Matrix products in float: the only file that calls OpenBLAS's.

import COneDNN
import COpenBLAS

/// C = scale · op(A) op(B), or added to C, where op transposes or not.
///
/// The library computes on one thread; the output is cut over the threads of `ParallelFor`, so that one pool owns the
/// cores and no sum is ever split between threads: the same thread count gives the same bits.
package enum MatrixMultiply {
    /// Below this many multiply–adds a product runs on the calling thread.
    private static let smallestParallelWork = 64 * 64 * 32

    /// Pieces begin at multiples of this many rows or columns: OpenBLAS's widest register tile, or one register, so that
    /// the pieces of small products are of one size.
    private static func grain(_ count: Int) -> Int { count < 16 * 48 ? 16 : 48 }

    /// Whether oneDNN multiplies instead: products that are worth sharing where that is the machine's choice
    /// (`BLASKernel`). The weight gradient of a narrow layer is a long sum for few results, in which OpenBLAS reaches four
    /// fifths of oneDNN's speed on any processor.
    private static func usesOneDNN(_ c: Matrix, isLarge: Bool, transposingA: Bool, transposingB: Bool) -> Bool {
        #if arch(x86_64)
            if isLarge && BLASKernel.sharesWithOneDNN { return true }
            return transposingA && !transposingB && c.rows * c.columns < 1 << 18 && min(c.rows, c.columns) >= 64
        #else
            return false
        #endif
    }

    /// Multiplies on all threads.
    ///
    /// - Parameters:
    ///   - c: (M, N), overwritten, or added to where `adding`.
    ///   - a: (M, K), or (K, M) where `transposingA`.
    ///   - b: (K, N), or (N, K) where `transposingB`.
    package static func run(
        into c: Matrix, _ a: Matrix, _ b: Matrix, transposingA: Bool = false, transposingB: Bool = false,
        scale: Float = 1, adding: Bool = false
    ) {
        let depth = transposingA ? a.rows : a.columns
        let isLarge = c.rows * c.columns * depth >= smallestParallelWork
        let usesOneDNN = usesOneDNN(c, isLarge: isLarge, transposingA: transposingA, transposingB: transposingB)
        let library = usesOneDNN ? Library.oneDNN : .openBLAS
        guard ParallelFor.threadCount > 1, isLarge else {
            multiply(
                library, into: c, a, b, transposingA: transposingA, transposingB: transposingB, scale: scale,
                adding: adding)
            return
        }
        if c.rows >= c.columns {
            ParallelFor.ranges(c.rows, grain: grain(c.rows)) { rows in
                let part = transposingA ? a.columns(rows) : a.rows(rows)
                multiply(
                    library, into: c.rows(rows), part, b, transposingA: transposingA, transposingB: transposingB,
                    scale: scale, adding: adding)
            }
        } else {
            ParallelFor.ranges(c.columns, grain: grain(c.columns)) { columns in
                let part = transposingB ? b.rows(columns) : b.columns(columns)
                multiply(
                    library, into: c.columns(columns), a, part, transposingA: transposingA, transposingB: transposingB,
                    scale: scale, adding: adding)
            }
        }
    }

    /// The same on the calling thread alone, for products inside a task that is already one of many.
    package static func runOnThisThread(
        into c: Matrix, _ a: Matrix, _ b: Matrix, transposingA: Bool = false, transposingB: Bool = false,
        scale: Float = 1, adding: Bool = false
    ) {
        multiply(
            .openBLAS, into: c, a, b, transposingA: transposingA, transposingB: transposingB, scale: scale,
            adding: adding)
    }

    private enum Library { case openBLAS, oneDNN }

    private static func multiply(
        _ library: Library, into c: Matrix, _ a: Matrix, _ b: Matrix, transposingA: Bool, transposingB: Bool,
        scale: Float, adding: Bool
    ) {
        let (m, k) = transposingA ? (a.columns, a.rows) : (a.rows, a.columns)
        let (depth, n) = transposingB ? (b.columns, b.rows) : (b.rows, b.columns)
        precondition(
            c.rows == m && c.columns == n && k == depth,
            "product of shapes \(a.shape)\(transposingA ? "ᵀ" : "") \(b.shape)\(transposingB ? "ᵀ" : "") into \(c.shape)"
        )
        guard m > 0, n > 0 else { return }
        if library == .oneDNN {
            func letter(_ transposing: Bool) -> CChar { CChar(UInt8(ascii: transposing ? "T" : "N")) }
            luthier_dnnl_stay_on_this_thread()
            let status = dnnl_sgemm(
                letter(transposingA), letter(transposingB), dnnl_dim_t(m), dnnl_dim_t(n), dnnl_dim_t(k), scale, a.base,
                dnnl_dim_t(a.stride), b.base, dnnl_dim_t(b.stride), adding ? 1 : 0, c.base, dnnl_dim_t(c.stride))
            if status == dnnl_success { return }
        }
        cblas_sgemm(
            CblasRowMajor, transposingA ? CblasTrans : CblasNoTrans, transposingB ? CblasTrans : CblasNoTrans,
            Int32(m), Int32(n), Int32(k), scale, a.base, Int32(max(a.stride, 1)), b.base, Int32(max(b.stride, 1)),
            adding ? 1 : 0, c.base, Int32(c.stride))
    }
}
