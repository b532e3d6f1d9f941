// Standard streams: results on stdout, everything else on stderr, texts from stdin.

import Datasets
import Foundation
import StrictJSON
import Synchronization

enum Console {
    /// Whether stderr is a terminal, which can show a progress line.
    static let isTerminal = isatty(STDERR_FILENO) == 1
    /// Width of the terminal in characters.
    static var width: Int {
        var size = winsize()
        return ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
    }
    /// Whether a progress line is unfinished.
    private static let lineIsOpen = Atomic<Bool>(false)

    /// Prints a line on stderr.
    static func message(_ text: String) {
        let clear = lineIsOpen.exchange(false, ordering: .relaxed) ? "\r\u{1B}[K" : ""
        write(clear + text + "\n", to: STDERR_FILENO)
    }

    /// Updates the progress line; only on a terminal.
    static func progress(_ text: String) {
        lineIsOpen.store(true, ordering: .relaxed)
        write("\r" + String(text.prefix(max(1, width - 1))) + "\u{1B}[K", to: STDERR_FILENO)
    }

    /// Ends the progress line.
    static func endProgress() {
        if lineIsOpen.exchange(false, ordering: .relaxed) { write("\n", to: STDERR_FILENO) }
    }

    /// Prints a part of the result on stdout.
    static func output(_ text: String) { write(text, to: STDOUT_FILENO) }

    /// Prints the last line of stdout with `--json`.
    static func json(_ members: [(key: String, value: JSONOutput)]) {
        output(JSONOutput.object(members).serialized() + "\n")
    }

    /// The checked text of the file at `path`; `-` is stdin.
    static func text(of path: String) throws(DatasetError) -> [UInt8] {
        if path == "-" {
            return try TextFile(path: "stdin", bytes: Array(FileHandle.standardInput.readDataToEndOfFile())).bytes
        }
        return try TextFile(path: path).bytes
    }

    /// The prompt in the file at `path`, without the line end that editors and shells put at a file's end; `-` is stdin.
    static func prompt(of path: String) throws(DatasetError) -> String {
        let bytes = try text(of: path)
        return String(decoding: bytes.last == 0x0A ? bytes.dropLast() : bytes[...], as: UTF8.self)
    }

    /// The bytes of the file at `path` as they are; `-` is stdin.
    static func bytes(of path: String) throws(DatasetError) -> [UInt8] {
        path == "-"
            ? Array(FileHandle.standardInput.readDataToEndOfFile()) : try TextFile.bytesAsTheyAre(path: path)
    }

    private static func write(_ text: String, to descriptor: Int32) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0 && errno == EINTR { continue }
            guard written > 0 else { return }
            rest = rest.dropFirst(written)
        }
    }
}
