// Products of bfloat16 operands into floats: the only file that calls oneDNN.

import COneDNN
import Synchronization

/// C (rows, columns) = A (rows, inner) · B (inner, columns), both operands in bfloat16, sums in float.
///
/// oneDNN computes on one thread; the rows of C are cut over the threads of `ParallelFor`, as those of the float
/// products are. What oneDNN compiles for a shape is kept and used again.
enum BFloat16Product {
    /// Everything that a compiled product depends on.
    struct Key: Hashable {
        var rows: Int
        var inner: Int
        var columns: Int
        /// A is stored as (inner, rows) with this stride between its rows; 0 for A stored as it is used.
        var transposedStride = 0
        /// B is in oneDNN's own layout.
        var isPacked = false
        var outputStride: Int
        var hasBias = false
        var adds = false

        var shape: luthier_dnnl_shape {
            let isTransposed = transposedStride > 0
            return luthier_dnnl_shape(
                rows: Int64(rows), inner: Int64(inner), columns: Int64(columns),
                a_row_stride: Int64(isTransposed ? 1 : inner),
                a_column_stride: Int64(isTransposed ? transposedStride : 1),
                b_row_stride: Int64(isPacked ? 0 : columns), b_column_stride: isPacked ? 0 : 1,
                c_row_stride: Int64(outputStride), has_bias: hasBias ? 1 : 0, adds: adds ? 1 : 0)
        }
    }

    /// Whether this processor and this oneDNN can do it.
    static let isSupported: Bool = {
        guard engine != nil else { return false }
        var product = luthier_dnnl_product()
        let key = Key(rows: 16, inner: 64, columns: 64, isPacked: true, outputStride: 64)
        guard luthier_dnnl_product_create(&product, engine, key.shape, nil) == dnnl_success else { return false }
        dnnl_primitive_destroy(product.primitive)
        return true
    }()

    /// oneDNN's version, `2.6.3`.
    static var version: String {
        guard let version = dnnl_version()?.pointee else { return "unknown" }
        return "\(version.major).\(version.minor).\(version.patch)"
    }

    nonisolated(unsafe) private static let engine: dnnl_engine_t? = {
        var engine: dnnl_engine_t?
        return dnnl_engine_create(&engine, dnnl_cpu, 0) == dnnl_success ? engine : nil
    }()

    private static let compiled = Mutex<[Key: Compiled]>([:])

    /// Batches of uneven length have many shapes; from this many on, all are forgotten and made again as they come.
    private static let compiledLimit = 2048

    fileprivate final class Compiled: @unchecked Sendable {
        var product = luthier_dnnl_product()
        deinit { dnnl_primitive_destroy(product.primitive) }
    }

    /// The product of `key`, compiled now if it is new.
    private static func product(_ key: Key, packedLike packed: PackedMatrix?) -> Compiled {
        if let known = compiled.withLock({ $0[key] }) { return known }
        let made = Compiled()
        let status =
            if let packed {
                withUnsafePointer(to: packed.reference.product) {
                    luthier_dnnl_product_create(&made.product, engine, key.shape, $0)
                }
            } else {
                luthier_dnnl_product_create(&made.product, engine, key.shape, nil)
            }
        precondition(status == dnnl_success, "oneDNN refuses the product \(key) with status \(status.rawValue)")
        compiled.withLock {
            if $0.count >= compiledLimit { $0.removeAll() }
            $0[key] = made
        }
        return made
    }

    /// The inner matrix of products, rounded to bfloat16 and laid out by oneDNN.
    final class PackedMatrix: @unchecked Sendable {
        let inner: Int
        let columns: Int
        fileprivate let reference: Compiled
        fileprivate let memory: UnsafeMutableRawPointer

        /// Room for an (inner, columns) matrix.
        init(inner: Int, columns: Int) {
            (self.inner, self.columns) = (inner, columns)
            reference = Compiled()
            let key = PackedMatrix.key(inner: inner, columns: columns)
            let status = luthier_dnnl_product_create(&reference.product, engine, key.shape, nil)
            precondition(status == dnnl_success, "oneDNN has no bfloat16 products (status \(status.rawValue))")
            memory = .allocate(byteCount: max(reference.product.b_bytes, 64), alignment: 4096)
        }

        deinit { memory.deallocate() }

        /// The layout does not depend on the rows; a usual number of them finds the best one.
        private static func key(inner: Int, columns: Int) -> Key {
            Key(rows: 256, inner: inner, columns: columns, isPacked: true, outputStride: columns)
        }

        /// Takes over `values`, (inner, columns) or its transpose, on the calling thread.
        func pack(_ values: Matrix, transposed: Bool) {
            precondition(
                (transposed ? values.columns : values.rows) == inner
                    && (transposed ? values.rows : values.columns) == columns,
                "packing \(values.shape) as (\(inner), \(columns))")
            let strides = transposed ? (1, values.stride) : (values.stride, 1)
            let status = luthier_dnnl_pack(
                &reference.product, engine, PackedMatrix.key(inner: inner, columns: columns).shape, values.base,
                Int64(strides.0), Int64(strides.1), memory)
            precondition(status == dnnl_success, "oneDNN cannot pack \(values.shape) (status \(status.rawValue))")
        }
    }

    /// c = a · b + bias, or c += a · b where `adding`.
    ///
    /// - Parameters:
    ///   - c: (M, N), overwritten or added to.
    ///   - a: (M, K).
    ///   - b: (K, N).
    ///   - bias: (N), or nil.
    static func run(into c: Matrix, _ a: BFloat16Matrix, _ b: PackedMatrix, bias: Vector?, adding: Bool = false) {
        precondition(
            a.columns == b.inner && c.rows == a.rows && c.columns == b.columns,
            "product of (\(a.rows), \(a.columns)) and (\(b.inner), \(b.columns)) into \(c.shape)")
        ParallelFor.ranges(c.rows, grain: rowGrain) { rows in
            let key = Key(
                rows: rows.count, inner: b.inner, columns: b.columns, isPacked: true, outputStride: c.stride,
                hasBias: bias != nil, adds: adding)
            execute(
                product(key, packedLike: b), a.base + rows.lowerBound * a.columns, b.memory, bias?.base,
                c.row(rows.lowerBound))
        }
    }

    /// Whether `addTransposed` needs memory for a copy of `a`: oneDNN takes the processor's matrix tiles only for a
    /// transposed operand without gaps, and a thread's columns of `a` have gaps between them.
    static let copiesParts = luthier_dnnl_has_tiles() != 0

    /// c += aᵀ · b.
    ///
    /// - Parameters:
    ///   - c: (M, N), added to.
    ///   - a: (K, M).
    ///   - b: (K, N).
    ///   - parts: of the shape of `a`, overwritten; nil where `copiesParts` is false.
    static func addTransposed(to c: Matrix, _ a: BFloat16Matrix, _ b: BFloat16Matrix, parts: BFloat16Matrix?) {
        precondition(
            a.rows == b.rows && c.rows == a.columns && c.columns == b.columns,
            "product of (\(a.rows), \(a.columns))ᵀ and (\(b.rows), \(b.columns)) into \(c.shape)")
        ParallelFor.ranges(c.rows, grain: rowGrain) { rows in
            var (part, stride) = (a.base + rows.lowerBound, a.columns)
            if let parts, rows.count < a.columns {
                let copy = parts.base + rows.lowerBound * a.rows
                for row in 0..<a.rows {
                    (copy + row * rows.count).update(from: part + row * a.columns, count: rows.count)
                }
                (part, stride) = (copy, rows.count)
            }
            let key = Key(
                rows: rows.count, inner: a.rows, columns: b.columns, transposedStride: stride, outputStride: c.stride,
                adds: true)
            execute(product(key, packedLike: nil), part, b.base, nil, c.row(rows.lowerBound))
        }
    }

    /// Parts begin at multiples of this many rows: a register tile's height and more.
    private static let rowGrain = 32

    private static func execute(
        _ compiled: Compiled, _ a: UnsafeMutablePointer<UInt16>, _ b: UnsafeRawPointer,
        _ bias: UnsafeMutablePointer<Float>?, _ c: UnsafeMutablePointer<Float>
    ) {
        let status = luthier_dnnl_product_run(&compiled.product, engine, a, b, bias, c)
        precondition(status == dnnl_success, "oneDNN's product failed with status \(status.rawValue)")
    }
}
