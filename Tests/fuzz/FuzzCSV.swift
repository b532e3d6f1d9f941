// Feeds the CSV reader with whatever the fuzzer thinks of: it must neither trap nor depend on how bytes arrive.

import Preparation

/// Called by libFuzzer with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    for kind in [.csv, .tsv] as [MemoryScan.Kind] {
        let whole = MemoryScan.read(bytes, as: kind)
        let pieces = MemoryScan.read(bytes, as: kind, piece: 1 + count / 3)
        precondition(whole == pieces, "\(kind): the result depends on how the bytes arrive")
    }
    return 0
}
