// Rotary positions: pairs of elements of queries and keys, rotated by the position (Su et al. 2021).

import Foundation

/// The cosines and sines of every position's angles, computed once in double precision: an angle of position 100 000 in
/// single precision is wrong by a hundredth.
package struct RotaryTable: Sendable {
    /// (context, r/2) each.
    package let cosines: Matrix, sines: Matrix
    /// r: the elements of each head that are rotated.
    package var width: Int { 2 * cosines.columns }
    package var context: Int { cosines.rows }
    private let memory: FloatArena

    /// The angles of the positions below `context`: position · inverse frequency.
    package init(_ frequencies: RotaryFrequencies, context: Int) {
        let (inverse, half) = (frequencies.inverse, frequencies.width / 2)
        memory = FloatArena(count: context * 2 * half)
        // A position's cosines and sines are stored together, since they are read together.
        let cosines = Matrix(memory.base, rows: context, columns: half, stride: 2 * half)
        let sines = Matrix(memory.base + half, rows: context, columns: half, stride: 2 * half)
        ParallelFor.ranges(context) { positions in
            for position in positions {
                for index in 0..<half {
                    let angle = Double(position) * inverse[index]
                    cosines.row(position)[index] = Float(cos(angle))
                    sines.row(position)[index] = Float(sin(angle))
                }
            }
        }
        (self.cosines, self.sines) = (cosines, sines)
    }
}

package enum Rotary {
    /// Rotates the first r elements of every head. Element i is paired with element i + r/2, the way Hugging Face's
    /// files are stored: x'ᵢ = xᵢ cos - xᵢ₊ᵣ⸝₂ sin; x'ᵢ₊ᵣ⸝₂ = xᵢ₊ᵣ⸝₂ cos + xᵢ sin.
    ///
    /// - Parameters:
    ///   - heads: (N, heads · D), overwritten: the columns of the queries and keys in (N, (H + 2K) D).
    ///   - headWidth: D, at least r.
    ///   - positions: N positions inside the own sequence, each below the table's context.
    package static func forward(
        inPlace heads: Matrix, headWidth: Int, positions: UnsafePointer<Int32>, _ table: RotaryTable
    ) {
        rotate(heads, headWidth, positions, table, direction: 1)
    }

    /// Turns the gradient of the rotated heads into that of the heads as they were: the same rotation backwards. On the
    /// rotated heads themselves it undoes `forward`.
    package static func backward(
        inPlace gradient: Matrix, headWidth: Int, positions: UnsafePointer<Int32>, _ table: RotaryTable
    ) {
        rotate(gradient, headWidth, positions, table, direction: -1)
    }

    private static func rotate(
        _ heads: Matrix, _ headWidth: Int, _ positions: UnsafePointer<Int32>, _ table: RotaryTable, direction: Float
    ) {
        precondition(
            headWidth >= table.width && heads.columns % headWidth == 0,
            "rotating \(table.width) elements of heads of \(headWidth) in \(heads.shape)")
        for row in 0..<heads.rows {
            precondition(
                positions[row] >= 0 && positions[row] < table.context,
                "position \(positions[row]) of a table of \(table.context)")
        }
        let (columns, half, sign) = (heads.columns, table.cosines.columns, Lanes(repeating: direction))
        ParallelFor.ranges(heads.rows, for: .attention) { rows in
            for row in rows {
                let (x, position) = (heads.row(row), Int(positions[row]))
                let (cosines, sines) = (table.cosines.row(position), table.sines.row(position))
                // The heads within the angles: an angle is loaded once for all of them.
                @inline(__always) func rotateGroup(_ index: Int, _: Int) {
                    let (cosine, sine) = ((cosines + index).lanes(), (sines + index).lanes() * sign)
                    let opposite = Lanes.zero - sine
                    var first = index
                    while first < columns {
                        let (low, high) = (x + first, x + first + half)
                        let (a, b) = (low.lanes(), high.lanes())
                        low.setLanes((a * cosine).addingProduct(b, opposite))
                        high.setLanes((b * cosine).addingProduct(a, sine))
                        first += headWidth
                    }
                }
                // One pair after the other: a head of which a part is rotated may have no full group.
                @inline(__always) func rotateRest(_ index: Int, _ rest: Int) {
                    var head = index
                    while head < columns {
                        for lane in 0..<rest {
                            let (cosine, sine) = (cosines[index + lane], sines[index + lane] * direction)
                            let (a, b) = (x[head + lane], x[head + half + lane])
                            x[head + lane] = (a * cosine).addingProduct(b, -sine)
                            x[head + half + lane] = (b * cosine).addingProduct(a, sine)
                        }
                        head += headWidth
                    }
                }
                eachLaneGroup(half, rotateGroup, rest: rotateRest)
            }
        }
        withExtendedLifetime(table) {}
    }
}
