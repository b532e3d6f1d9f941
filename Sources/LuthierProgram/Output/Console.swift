// Standard streams: results on stdout, everything else on stderr, texts from stdin.

import Arguments
import Datasets
import Foundation
import StrictJSON
import Synchronization

enum Console {
    /// Whether stderr is a terminal on which lines can be redrawn.
    static let isTerminal =
        isatty(STDERR_FILENO) == 1 && ProcessInfo.processInfo.environment["TERM"].map { $0 != "dumb" } ?? false
    /// Whether to show colors there (no-color.org).
    static let hasColor = isTerminal && (ProcessInfo.processInfo.environment["NO_COLOR"] ?? "").isEmpty
    /// Progress is redrawn ten times a second at most.
    private static let shortestInterval = Duration.milliseconds(100)

    /// What is at the bottom of the terminal.
    private struct Screen {
        /// The lines for a width; nil where no progress is shown.
        var lines: (@Sendable (Int) -> [String])?
        var block = LiveBlock()
        var drawnAt: ContinuousClock.Instant?
        var drawnSize: (columns: Int, rows: Int)?
        /// Whether `lines` differs from what is there.
        var isDue = false
        var isWatched = false

        /// Writes everything again, with `message` above it.
        mutating func draw(message: String = "") {
            let size = Console.size
            drawnSize = size
            // The last column stays free, since a terminal differs from another in what follows a full line.
            let shown = lines?(max(1, size.columns - 1)).prefix(max(1, size.rows - 1)) ?? []
            Terminal.write(
                block.replace(with: Array(shown), message: message, columns: size.columns), to: .standardError)
            if lines != nil { (drawnAt, isDue) = (ContinuousClock.now, false) }
        }
    }

    private static let screen = Mutex(Screen())

    /// Columns and rows of the terminal.
    private static var size: (columns: Int, rows: Int) {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return (80, 24)
        }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// Prints a line on stderr, above the progress. What it has from files cannot change the terminal.
    static func message(_ text: String) {
        screen.withLock { $0.draw(message: PrintableText.bounded(text) + "\n") }
    }

    /// Updates the progress line; only on a terminal.
    static func progress(_ text: String) { show { [String(PrintableText.bounded(text).prefix($0))] } }

    /// Updates the progress; only on a terminal.
    ///
    /// - Parameter lines: given a number of columns, lines that are not longer.
    static func show(_ lines: @escaping @Sendable (Int) -> [String]) {
        screen.withLock { screen in
            screen.lines = lines
            if !screen.isWatched {
                screen.isWatched = true
                Thread.detachNewThread { watchSize() }
            }
            screen.isDue = true
            if let drawnAt = screen.drawnAt, ContinuousClock.now - drawnAt < shortestInterval { return }
            screen.draw()
        }
    }

    /// Ends the progress, which stays as it is now.
    static func endProgress() {
        screen.withLock { screen in
            guard screen.lines != nil else { return }
            screen.draw()
            screen.lines = nil
            screen.block.leave()
        }
    }

    /// Draws what is due: what `show` had no time for, and everything after the terminal's size has changed, which can be
    /// long before the next step ends.
    private static func watchSize() {
        var isShown = true
        while isShown {
            Thread.sleep(forTimeInterval: 0.2)
            isShown = screen.withLock { screen in
                guard screen.lines != nil else {
                    screen.isWatched = false
                    return false
                }
                let size = Console.size
                if let drawn = screen.drawnSize, screen.isDue || drawn != size { screen.draw() }
                return true
            }
        }
    }

    /// Prints a part of the result on stdout. What it has from files cannot change a terminal.
    static func output(_ text: String) { raw(PrintableText.escaped(text)) }

    /// Prints what a model has drawn: as it is into files and pipes, harmless on a terminal.
    static func drawn(_ text: String) { isatty(STDOUT_FILENO) == 1 ? output(text) : raw(text) }

    /// Writes a part of the result on stdout as it is.
    static func raw(_ text: String) { raw(Array(text.utf8)) }

    /// Writes a part of the result on stdout as it is.
    static func raw(_ bytes: [UInt8]) {
        // Both streams may be the same terminal.
        endProgress()
        Terminal.write(bytes, to: .standardOutput)
    }

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
