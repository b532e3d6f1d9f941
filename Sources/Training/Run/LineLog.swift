// Files of one JSON object a line: metrics, timings, samples. On resume they are cut back to the checkpoint.

import Files
import Foundation
import StrictJSON

/// A log whose every line has a `step`. Lines are written at once; a torn last line is dropped when the log is reopened.
final class LineLog {
    private let handle: FileHandle
    private let path: String

    /// Opens the log at `path`, keeping the lines up to and including `step`; nil starts a new one.
    init(path: String, upTo step: Int?) throws {
        self.path = path
        var kept: [UInt8] = []
        if let step, let data = FileManager.default.contents(atPath: path) {
            for line in data.split(separator: 0x0A, omittingEmptySubsequences: true) {
                guard let node = try? JSONText.parse(Array(line)), let lineStep = node.object?["step"]?.integer,
                    lineStep <= step
                else { continue }
                kept += line + [0x0A]
            }
        }
        try AtomicFile.write(kept, to: path)
        guard let handle = FileHandle(forWritingAtPath: path) else { throw FileError(.open, path) }
        self.handle = handle
        try handle.seekToEnd()
    }

    deinit { try? handle.close() }

    /// Appends one object.
    func append(_ members: [(key: String, value: JSONOutput)]) throws {
        try handle.write(contentsOf: Data((JSONOutput.object(members).serialized() + "\n").utf8))
    }

    /// Waits until the lines are on the disk.
    func synchronize() throws { try handle.synchronize() }
}
