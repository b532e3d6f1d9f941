// Token and position embeddings: a row of each table, added; or of the tokens' table alone, which may be scaled.

package enum Embedding {
    /// output[n] = scale · tokenTable[tokens[n]] + positionTable[positions[n]].
    ///
    /// - Parameters:
    ///   - output: (N, C), overwritten.
    ///   - tokens: N token ids, each below V.
    ///   - positions: N positions inside the own sequence, each below the context length.
    ///   - tokenTable: (V, C).
    ///   - positionTable: (context, C); nil where no positions are learned.
    ///   - scale: nil for 1.
    package static func forward(
        into output: Matrix, tokens: UnsafePointer<Int32>, positions: UnsafePointer<Int32>,
        tokenTable: Matrix, positionTable: Matrix?, scale: Float? = nil
    ) {
        check(output, tokens, positions, tokenTable, positionTable)
        ParallelFor.ranges(output.rows, for: .embedding) { rows in
            for row in rows {
                let (target, token) = (output.row(row), tokenTable.row(Int(tokens[row])))
                if let scale {
                    let factor = Lanes(repeating: scale)
                    mapLanes(into: target, token, count: output.columns) { $0 * factor }
                } else if positionTable == nil {
                    target.update(from: token, count: output.columns)
                }
                guard let positionTable else { continue }
                mapLanes(
                    into: target, scale == nil ? token : target, positionTable.row(Int(positions[row])),
                    count: output.columns
                ) { $0 + $1 }
            }
        }
    }

    /// The same with a frozen table of tokens, (C, V) since it is stored transposed.
    package static func forward(
        into output: Matrix, tokens: UnsafePointer<Int32>, positions: UnsafePointer<Int32>,
        tokenTable: CompactWeight, positionTable: Matrix?, scale: Float? = nil
    ) {
        tokenTable.gather(into: output, columns: tokens)
        guard scale != nil || positionTable != nil else { return }
        ParallelFor.ranges(output.rows, for: .embedding) { rows in
            for row in rows {
                let target = output.row(row)
                if let scale {
                    let factor = Lanes(repeating: scale)
                    mapLanes(into: target, target, count: output.columns) { $0 * factor }
                }
                guard let positionTable else { continue }
                mapLanes(into: target, target, positionTable.row(Int(positions[row])), count: output.columns) {
                    $0 + $1
                }
            }
        }
    }

    /// Adds each row's gradient to the two table rows that made it. Threads take columns, so that rows that stand for
    /// the same token are added in order and never at the same time.
    ///
    /// - Parameters:
    ///   - dTokenTable: (V, C), added to; nil where its rows are added later, by `addRows`.
    ///   - dPositionTable: (context, C), added to; nil where no positions are learned.
    ///   - dOutput: (N, C).
    ///   - scale: as in `forward`.
    package static func backward(
        dTokenTable: Matrix?, dPositionTable: Matrix?, dOutput: Matrix, tokens: UnsafePointer<Int32>,
        positions: UnsafePointer<Int32>, scale: Float? = nil
    ) {
        check(dOutput, tokens, positions, dTokenTable, dPositionTable)
        ParallelFor.ranges(dOutput.columns, grain: laneCount, for: .embedding) { columns in
            let (first, count) = (columns.lowerBound, columns.count)
            for row in 0..<dOutput.rows {
                let source = dOutput.row(row) + first
                if let dTokenTable {
                    add(source, to: dTokenTable.row(Int(tokens[row])) + first, count: count, scale)
                }
                guard let dPositionTable else { continue }
                let position = dPositionTable.row(Int(positions[row])) + first
                mapLanes(into: position, position, source, count: count) { $0 + $1 }
            }
        }
    }

    /// Adds each row to the table's row of its token, as `backward` does, for the rows of the table in `own` only.
    ///
    /// - Parameters:
    ///   - dTokenTable: (V, C), added to.
    ///   - own: ranges of its rows.
    ///   - dOutput: (N, C).
    ///   - tokens: N token ids, each below V.
    ///   - scale: as in `forward`.
    package static func addRows(
        to dTokenTable: Matrix, within own: [Range<Int>], _ dOutput: Matrix, tokens: [Int32], scale: Float? = nil
    ) {
        precondition(
            tokens.count == dOutput.rows && dOutput.columns == dTokenTable.columns,
            "\(tokens.count) tokens of rows \(dOutput.shape) for a table \(dTokenTable.shape)")
        let chosen = tokens.indices.filter { row in own.contains { $0.contains(Int(tokens[row])) } }
        ParallelFor.ranges(dOutput.columns, grain: laneCount, for: .embedding) { columns in
            let (first, count) = (columns.lowerBound, columns.count)
            for row in chosen {
                precondition(tokens[row] < dTokenTable.rows, "token \(tokens[row]) in a table \(dTokenTable.shape)")
                add(dOutput.row(row) + first, to: dTokenTable.row(Int(tokens[row])) + first, count: count, scale)
            }
        }
    }

    private static func add(
        _ source: UnsafeMutablePointer<Float>, to target: UnsafeMutablePointer<Float>, count: Int, _ scale: Float?
    ) {
        if let scale {
            let factor = Lanes(repeating: scale)
            mapLanes(into: target, target, source, count: count) { $0.addingProduct(factor, $1) }
        } else {
            mapLanes(into: target, target, source, count: count) { $0 + $1 }
        }
    }

    /// An id or position beyond its table would read or write memory outside it, so each call checks all of them.
    private static func check(
        _ rows: Matrix, _ tokens: UnsafePointer<Int32>, _ positions: UnsafePointer<Int32>, _ tokenTable: Matrix?,
        _ positionTable: Matrix?
    ) {
        let tables = [tokenTable, positionTable].compactMap { $0 }
        precondition(
            tables.allSatisfy { $0.columns == rows.columns },
            "embedding rows \(rows.shape) from tables \(tables.map(\.shape))")
        for row in 0..<rows.rows {
            let vocabulary = tokenTable?.rows ?? .max
            precondition(
                tokens[row] >= 0 && Int(tokens[row]) < vocabulary,
                "token \(tokens[row]) in a vocabulary of \(vocabulary)")
            guard let positionTable else { continue }
            precondition(
                positions[row] >= 0 && Int(positions[row]) < positionTable.rows,
                "position \(positions[row]) in a context of \(positionTable.rows)")
        }
    }
}
