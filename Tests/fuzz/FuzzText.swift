// Feeds fuzzer inputs to the text reader: it must not trap, and the result must not depend on the piece size.

import Datasets
import PreparationSupport

/// Called by libFuzzer with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    let columns = ColumnChoice()
    for kind in [.lines, .paragraphs, .chatML] as [MemoryScan.Kind] {
        let expected = MemoryScan.read(bytes, as: kind, columns: columns)
        let pieces = MemoryScan.read(bytes, as: kind, columns: columns, piece: 1 + count / 3)
        precondition(expected == pieces, "\(kind): the result depends on how the bytes arrive")
    }
    for name in ["a", "a.txt"] {
        for text in TextCut.allCases { _ = MemoryScan.format(of: bytes, name: name, text: text) }
    }
    // Decoding does not depend on how the bytes arrive.
    var decoder = TextDecoder()
    var (pieces, position, failed) = ([UInt8](), 0, false)
    repeat {
        let end = position + min(1 + count / 3, count - position)
        var piece = Array(bytes[position..<end])
        position = end
        do { try decoder.decode(&piece, from: 0, isEnd: position == count) } catch { failed = true }
        pieces += piece
    } while position < count && !failed
    let complete = try? TextDecoder.decode(bytes)
    precondition(failed ? complete == nil : complete == pieces, "decoding depends on how the bytes arrive")
    return 0
}
