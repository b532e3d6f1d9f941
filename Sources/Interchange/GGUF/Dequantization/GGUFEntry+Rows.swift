// Rows of a tensor as float32, in the order of the file or of the model.

import Kernels

extension GGUFEntry {
    /// About as many elements as one task decodes: 64 KiB of floats, which stay in the processor's cache.
    private static let taskElements = 16_384

    /// Writes rows as float32 to `destination`, which has exactly their elements, on all threads.
    ///
    /// - Parameters:
    ///   - rows: of the model's order.
    ///   - order: how the file's rows follow one another.
    ///   - file: the bytes of the file that this entry is of.
    /// - Throws: where the type is not read, or so many rows cannot be in that order.
    package func decode(
        _ rows: Range<Int>, order: GGUFRowOrder = .same, from file: UnsafeRawBufferPointer,
        into destination: UnsafeMutableBufferPointer<Float>
    ) throws(GGUFDefect) {
        let (width, rowCount) = (rowWidth, rowCount)
        precondition(
            rows.lowerBound >= 0 && rows.upperBound <= rowCount && destination.count == rows.count * width,
            "rows \(rows) of \(rowCount) of \(name), each of \(width), into \(destination.count)")
        guard let type, type.isRead else { throw .unreadableType(tensor: name, type: typeNumber) }
        guard order.fits(rowCount: rowCount) else { throw .rowOrder(tensor: name, shape: shape, order: order) }
        let taskRows = max(1, GGUFEntry.taskElements / width)
        ParallelFor.tasks((rows.count + taskRows - 1) / taskRows) { task in
            let first = rows.lowerBound + task * taskRows
            let some = first..<min(first + taskRows, rows.upperBound)
            let start = (first - rows.lowerBound) * width
            let target = UnsafeMutableBufferPointer(rebasing: destination[start..<(start + some.count * width)])
            guard order != .same else { return decodeInOrder(some, type, file, target) }
            for (index, row) in some.enumerated() {
                let fileRow = order.fileRow(ofModelRow: row, rowCount: rowCount)
                let place = UnsafeMutableBufferPointer(rebasing: target[(index * width)..<((index + 1) * width)])
                decodeInOrder(fileRow..<(fileRow + 1), type, file, place)
            }
        }
    }

    private func decodeInOrder(
        _ rows: Range<Int>, _ type: GGUFType, _ file: UnsafeRawBufferPointer,
        _ destination: UnsafeMutableBufferPointer<Float>
    ) {
        type.decode(UnsafeRawBufferPointer(rebasing: file[bytes(of: rows)]), into: destination)
    }

    /// Where rows of the file's order lie in the file; none where the type is not known.
    func bytes(of rows: Range<Int>) -> Range<Int> {
        guard let type else { return offset..<offset }
        let rowBytes = rowWidth / type.blockCount * type.blockBytes
        return (offset + rows.lowerBound * rowBytes)..<(offset + rows.upperBound * rowBytes)
    }
}
