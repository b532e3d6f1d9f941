// Standard streams: results on stdout, everything else on stderr, texts from stdin.

import Arguments
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

    /// Prints a line on stderr. What it has from files cannot change the terminal.
    static func message(_ text: String) {
        let clear = lineIsOpen.exchange(false, ordering: .relaxed) ? "\r\u{1B}[K" : ""
        Terminal.write(clear + PrintableText.bounded(text) + "\n", to: .standardError)
    }

    /// Updates the progress line; only on a terminal.
    static func progress(_ text: String) {
        lineIsOpen.store(true, ordering: .relaxed)
        let shown = PrintableText.bounded(text).prefix(max(1, width - 1))
        Terminal.write("\r" + shown + "\u{1B}[K", to: .standardError)
    }

    /// Ends the progress line.
    static func endProgress() {
        if lineIsOpen.exchange(false, ordering: .relaxed) { Terminal.write("\n", to: .standardError) }
    }

    /// Prints a part of the result on stdout. What it has from files cannot change a terminal.
    static func output(_ text: String) { raw(PrintableText.escaped(text)) }

    /// Prints what a model has drawn: as it is into files and pipes, harmless on a terminal.
    static func drawn(_ text: String) { isatty(STDOUT_FILENO) == 1 ? output(text) : raw(text) }

    /// Writes a part of the result on stdout as it is.
    static func raw(_ text: String) { Terminal.write(text, to: .standardOutput) }

    /// Writes a part of the result on stdout as it is.
    static func raw(_ bytes: [UInt8]) { Terminal.write(bytes, to: .standardOutput) }

    /// Says so where a part of the result could not be written.
    ///
    /// - Returns: whether that is the case.
    static func reportLostResults() -> Bool {
        guard let reason = Terminal.lostResults else { return false }
        message("error: the results could not be written to stdout: \(reason)")
        return true
    }

    /// Prints the last line of stdout with `--json`.
    static func json(_ members: [(key: String, value: JSONOutput)]) {
        raw(JSONOutput.object(members).serialized() + "\n")
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
}
