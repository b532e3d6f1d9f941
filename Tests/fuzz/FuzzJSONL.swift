// Feeds fuzzer inputs to the JSONL reader: it must not trap, and the result must not depend on the piece size.

import Datasets
import PreparationSupport

/// Called by libFuzzer with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    // The first byte chooses what a person would have said about the columns.
    let names: [String?] = [nil, "1", "2", "prompt", "id"]
    let first = Int(bytes.first ?? 0)
    let columns =
        first < 128 ? ColumnChoice() : ColumnChoice(prompt: names[first % 5], completion: names[first / 5 % 5])
    for kind in [.rows, .array, .object, .messageTree] as [MemoryScan.Kind] {
        let expected = MemoryScan.read(bytes, as: kind, columns: columns)
        let pieces = MemoryScan.read(bytes, as: kind, columns: columns, piece: 1 + count / 3)
        precondition(expected == pieces, "\(kind): the result depends on how the bytes arrive")
    }
    for name in ["a", "a.json", "a.jsonl.gz"] {
        for text in [TextCut.auto] { _ = MemoryScan.format(of: bytes, name: name, text: text) }
    }
    // Training reads it, or names the defect.
    if let file = try? TextFile(path: "a.jsonl", bytes: bytes) { _ = try? Document.documents(of: file) }
    return 0
}
