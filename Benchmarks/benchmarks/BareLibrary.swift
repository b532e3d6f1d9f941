// Direct calls of the libraries' matrix products, to compare the products of `Kernels` with.

import COneDNN
import COpenBLAS
import Kernels

/// A library with a float matrix product on its own threads.
enum BareLibrary: String, CaseIterable {
    case openBLAS = "OpenBLAS"
    case oneDNN = "oneDNN"

    /// Sets the library's thread count; 1 lets its threads sleep.
    func use(threads: Int) {
        switch self {
        case .openBLAS: openblas_set_num_threads(Int32(threads))
        case .oneDNN: luthier_dnnl_use_threads(Int32(threads))
        }
    }

    /// c (M, N) = op(a) op(b), overwritten; row-major and contiguous.
    func multiply(into c: Matrix, _ a: Matrix, _ b: Matrix, transposingA: Bool, transposingB: Bool) {
        let (m, k) = transposingA ? (a.columns, a.rows) : (a.rows, a.columns)
        let n = c.columns
        switch self {
        case .openBLAS:
            cblas_sgemm(
                CblasRowMajor, transposingA ? CblasTrans : CblasNoTrans, transposingB ? CblasTrans : CblasNoTrans,
                Int32(m), Int32(n), Int32(k), 1, a.base, Int32(a.stride), b.base, Int32(b.stride), 0, c.base,
                Int32(c.stride))
        case .oneDNN:
            let (yes, no) = (CChar(UInt8(ascii: "T")), CChar(UInt8(ascii: "N")))
            dnnl_sgemm(
                transposingA ? yes : no, transposingB ? yes : no, dnnl_dim_t(m), dnnl_dim_t(n), dnnl_dim_t(k), 1,
                a.base, dnnl_dim_t(a.stride), b.base, dnnl_dim_t(b.stride), 0, c.base, dnnl_dim_t(c.stride))
        }
    }
}
