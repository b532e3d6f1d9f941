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

/// A log that is there only where something has happened. On resume it is cut back to the checkpoint.
final class OccasionalLog {
    private let path: String
    private var log: LineLog?

    /// - Parameter step: the step that is resumed from, nil for a new run.
    init(path: String, upTo step: Int?) throws {
        self.path = path
        if FileManager.default.fileExists(atPath: path) { log = try LineLog(path: path, upTo: step) }
    }

    /// Appends one object, which has a `step`.
    func append(_ members: [(key: String, value: JSONOutput)]) throws {
        if log == nil { log = try LineLog(path: path, upTo: nil) }
        try log?.append(members)
    }
}
