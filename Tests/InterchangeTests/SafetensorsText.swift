// Safetensors files from their parts, right or wrong.

/// A safetensors file: the header's length (or a false one), the header, and a body.
func safetensors(_ header: String, body: [UInt8] = [], claimedLength: UInt64? = nil) -> [UInt8] {
    let text = Array(header.utf8)
    return withUnsafeBytes(of: (claimedLength ?? UInt64(text.count)).littleEndian) { Array($0) } + text + body
}
