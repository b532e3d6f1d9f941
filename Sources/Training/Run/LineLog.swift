// Files of one JSON object a line: metrics, timings, samples. On resume they are cut back to the checkpoint.

import Files
import Foundation
import StrictJSON

/// A log whose every line has a `step`. Lines are written at once; a torn last line is dropped when the log is reopened.
final class LineLog {
    private let file: FileDescriptor
    /// Where the next line begins. A line that could not be written completely is overwritten by the next.
    private var end: Int

    /// Opens the log at `path`, keeping the lines up to and including `step`; nil starts a new one.
    ///
    /// - Parameter isRepeated: whether a line of `step` itself will be written again, and must not be kept.
    init(path: String, upTo step: Int?, isRepeated: (JSONObject) -> Bool = { _ in false }) throws {
        var kept: [UInt8] = []
        if let step, let data = FileManager.default.contents(atPath: path) {
            for line in data.split(separator: 0x0A, omittingEmptySubsequences: true) {
                guard let object = try? JSONText.parse(Array(line)).object, let lineStep = object["step"]?.integer,
                    lineStep < step || lineStep == step && !isRepeated(object)
                else { continue }
                kept += line + [0x0A]
            }
        }
        try AtomicFile.write(kept, to: path)
        file = try FileDescriptor.open(path, O_WRONLY)
        end = kept.count
    }

    deinit { file.close() }

    /// Appends one object.
    func append(_ members: [(key: String, value: JSONOutput)]) throws(FileError) {
        let line = Array((JSONOutput.object(members).serialized() + "\n").utf8)
        try file.write(line, at: end)
        end += line.count
    }

    /// Waits until the lines are on the disk.
    func synchronize() throws(FileError) { try file.synchronize() }
}
