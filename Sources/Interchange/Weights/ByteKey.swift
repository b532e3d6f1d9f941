// Names of tensors and keys, compared as file formats compare them.

/// A name compared by its bytes; Swift's strings compare by canonical equivalence, file formats do not.
struct ByteKey: Hashable {
    let bytes: [UInt8]
    init(_ text: String) { bytes = Array(text.utf8) }
}
