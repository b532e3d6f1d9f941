// Products of many rows with compact weights: some of the weight becomes floats at a time, for the product in float.

/// A frozen weight has no gradient, so forward and the gradient of the input are all. Each thread converts its own
/// panels, which stay in its cache until the product has read them.
extension CompactWeight {
    /// Rows and columns of the weight that are floats at a time. Multiples of 32 and of a block.
    private static let (panelRows, panelColumns) = (512, 1024)

    /// Floats that the panels of all threads take.
    package static var scratchFloats: Int { ParallelFor.threadCount * panelRows * panelColumns }

    /// output = input · W + bias.
    ///
    /// - Parameters:
    ///   - output: (N, out), overwritten.
    ///   - input: (N, in).
    ///   - bias: (out), or nil for none.
    package func forward(into output: Matrix, of input: Matrix, bias: Vector?) {
        precondition(
            input.rows == output.rows && input.columns == inner && output.columns == columns,
            "product of \(input.shape) with (\(inner), \(columns)) into \(output.shape)")
        if let bias { Linear.fillRows(of: output, with: bias) }
        eachPanel(cutting: .columns) { rows, columns, panel in
            MatrixMultiply.runOnThisThread(
                into: output.columns(columns), input.columns(rows), panel, adding: bias != nil || rows.lowerBound > 0)
        }
    }

    /// dInput = dOutput · Wᵀ.
    ///
    /// - Parameters:
    ///   - dInput: (N, in), overwritten.
    ///   - dOutput: (N, out).
    package func backward(dInput: Matrix, dOutput: Matrix) {
        precondition(
            dInput.rows == dOutput.rows && dInput.columns == inner && dOutput.columns == columns,
            "product of \(dOutput.shape) with (\(inner), \(columns))ᵀ into \(dInput.shape)")
        eachPanel(cutting: .rows) { rows, columns, panel in
            MatrixMultiply.runOnThisThread(
                into: dInput.columns(rows), dOutput.columns(columns), panel, transposingB: true,
                adding: columns.lowerBound > 0)
        }
    }

    /// output (n, in) = the columns of W with these numbers, as rows: those of a table (out, in) that was transposed.
    package func gather(into output: Matrix, columns numbers: UnsafePointer<Int32>) {
        precondition(output.columns == inner, "columns of \(inner) into \(output.shape)")
        ParallelFor.ranges(output.rows) { rows in
            withScratch(32 * Self.block) { tile in
                for row in rows {
                    let number = Int(numbers[row])
                    precondition(number >= 0 && number < columns, "column \(number) of \(columns)")
                    let (block, column, target) = (number / Self.block, number % Self.block, output.row(row))
                    for start in stride(from: 0, to: inner, by: 32) {
                        let part = start..<min(start + 32, inner)
                        decode(block, rows: part, into: tile, stride: Self.block)
                        for (place, index) in part.enumerated() { target[index] = tile[Self.block * place + column] }
                    }
                }
            }
        }
    }

    /// output (in, out) = W, or its transpose (out, in).
    package func decode(into output: Matrix, transposed: Bool) {
        let (rows, width) = transposed ? (output.columns, output.rows) : (output.rows, output.columns)
        precondition(rows == inner && width == columns, "(\(inner), \(columns)) into \(output.shape)")
        eachPanel(cutting: .columns) { rows, columns, panel in
            for (place, row) in rows.enumerated() {
                for (index, column) in columns.enumerated() {
                    output.row(transposed ? column : row)[transposed ? row : column] = panel.row(place)[index]
                }
            }
        }
    }

    /// Which side of the weight the threads divide among them.
    private enum Side { case rows, columns }

    /// Calls `body` with each panel as floats, and the rows and columns of the weight that it is. A thread takes its part
    /// of one side; the panels of the other side follow one another in order, the first one first.
    private func eachPanel(cutting side: Side, _ body: (Range<Int>, Range<Int>, Matrix) -> Void) {
        func panels(_ rows: Range<Int>, _ blocks: Range<Int>, _ scratch: UnsafeMutablePointer<Float>) {
            let width = Self.panelColumns / Self.block
            for firstRow in stride(from: rows.lowerBound, to: rows.upperBound, by: Self.panelRows) {
                let own = firstRow..<min(firstRow + Self.panelRows, rows.upperBound)
                for first in stride(from: blocks.lowerBound, to: blocks.upperBound, by: width) {
                    let part = first..<min(first + width, blocks.upperBound)
                    for block in part {
                        decode(
                            block, rows: own, into: scratch + (block - first) * Self.block,
                            stride: part.count * Self.block)
                    }
                    let columns = (part.lowerBound * Self.block)..<min(part.upperBound * Self.block, self.columns)
                    let panel = Matrix(
                        scratch, rows: own.count, columns: columns.count, stride: part.count * Self.block)
                    body(own, columns, panel)
                }
            }
        }
        switch side {
        case .columns:
            ParallelFor.ranges(blockCount) { blocks in
                withScratch(Self.panelRows * Self.panelColumns) { panels(0..<inner, blocks, $0) }
            }
        case .rows:
            ParallelFor.ranges(inner, grain: 32) { rows in
                withScratch(Self.panelRows * Self.panelColumns) { panels(rows, 0..<blockCount, $0) }
            }
        }
    }

    /// Rows of one block as floats; `target` has rows of `stride` floats, of which sixty-four are written.
    private func decode(_ block: Int, rows: Range<Int>, into target: UnsafeMutablePointer<Float>, stride: Int) {
        switch layout {
        case is EightBitWords.Type: decode(block, rows, target, stride, EightBitWords.self)
        case is SixteenBitWords.Type: decode(block, rows, target, stride, SixteenBitWords.self)
        case is EightBitGroups.Type: decode(block, rows, target, stride, EightBitGroups.self)
        case is FourBitGroups.Type: decode(block, rows, target, stride, FourBitGroups.self)
        default: decode(block, rows, target, stride, FloatWords.self)
        }
    }

    @inline(__always)
    private func decode<Words: PackedWords>(
        _ block: Int, _ rows: Range<Int>, _ target: UnsafeMutablePointer<Float>, _ stride: Int, _: Words.Type
    ) {
        let (source, own) = (words + block * blockWords, scales + block * Self.block)
        let (a, b, c, d) = (own.lanes(), (own + 16).lanes(), (own + 32).lanes(), (own + 48).lanes())
        var place = target
        for row in rows {
            let values = Words.loadAhead(source, row)
            place.setLanes(values.a * a)
            (place + 16).setLanes(values.b * b)
            (place + 32).setLanes(values.c * c)
            (place + 48).setLanes(values.d * d)
            place += stride
        }
    }
}
