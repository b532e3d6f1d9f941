// What a run's folder shows of a run while another process trains it.

import Files
import Foundation
import Models
import StrictJSON

/// A run that a child process trains; all of it is read from the folder, as after a crash.
struct ObservedRun {
    let folder: RunFolder

    /// The last step in the log; 0 before the first.
    var step: Int {
        guard let file = try? FileDescriptor.open(folder.file("metrics.jsonl"), O_RDONLY) else { return 0 }
        defer { file.close() }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let size = (try? file.status()).map { Int($0.st_size) } ?? 0
        let count = bytes.withUnsafeMutableBytes { try? file.read(at: max(0, size - 4096), into: $0) } ?? 0
        // The first line of the piece may be cut, and the last one torn.
        let lines = bytes[..<count].split(separator: 0x0A)
        return lines.reversed().lazy.compactMap { (try? JSONText.parse(Array($0)))?.object?["step"]?.integer }.first
            ?? 0
    }

    /// Identifies the log; a process that begins or resumes the run replaces it.
    var logNumber: UInt64? {
        var status = stat()
        return stat(folder.file("metrics.jsonl"), &status) == 0 ? UInt64(status.st_ino) : nil
    }

    /// Temporary files in the folder: of a living process, files that it writes; of a killed one, files that it was
    /// writing.
    var temporaryFiles: [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter(TemporaryFile.isTemporary).sorted()
    }

    /// The name of the file that a temporary file will become.
    static func destination(of temporary: String) -> String {
        temporary.range(of: ".tmp.").map { String(temporary[..<$0.lowerBound]) } ?? temporary
    }
}
