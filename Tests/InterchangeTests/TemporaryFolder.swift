// A folder that lives as long as a test.

import Foundation

/// An empty folder under the system's temporary one, removed with everything in it when the object goes.
final class TemporaryFolder {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("luthier-" + UUID().uuidString)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    /// Writes a file and gives its path.
    func write(_ bytes: [UInt8], as name: String) throws -> String {
        let file = path + "/" + name
        try Data(bytes).write(to: URL(fileURLWithPath: file))
        return file
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// A safetensors file: the header's length (or a false one), the header, and a body.
func safetensors(_ header: String, body: [UInt8] = [], claimedLength: UInt64? = nil) -> [UInt8] {
    let text = Array(header.utf8)
    return withUnsafeBytes(of: (claimedLength ?? UInt64(text.count)).littleEndian) { Array($0) } + text + body
}
