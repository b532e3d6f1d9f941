// The display of a run: what its lines hold at each width, and that a terminal shows nothing else.

import LuthierProgram
import Testing

@Suite struct DisplayTests {
    private static func display(losses: [Double] = (0..<600).map { 3 - Double($0) / 300 }) -> RunDisplay {
        var curve = LossCurve()
        for loss in losses { curve.append(loss) }
        return RunDisplay(
            step: 60, totalSteps: 1200, epoch: 0.6, loss: 2.34567, curve: curve, validationLoss: 2.41,
            learningRate: 0.001, tokensPerSecond: 1234.5, shareOfPeak: 0.414, memoryBytes: 512 << 20,
            secondsLeft: 250)
    }

    @Test func everythingAt80Columns() {
        #expect(
            Self.display().lines(width: 79, color: false) == [
                "step   60/1200  ━────────────────────────────────  5 %  epoch 0.60  4m 10s left",
                "loss 2.3457  val 2.4100  ████▇▇▇▇▇▇▇▇▆▆▆▆▆▆▆▅▅▅▅▅▅▅▅▄▄▄▄▄▄▄▄▃▃▃▃▃▃▃▂▂▂▂▂▂▂▂▁▁▁▁",
                "1234 tok/s  lr 1.0e-3  41 % of peak  memory 512 MiB",
            ])
    }

    @Test func narrowLinesOmitWhatMattersLess() {
        let display = Self.display()
        func lines(_ width: Int) -> [String] { display.lines(width: width, color: false) }
        #expect(lines(40)[0] == "step   60/1200  5 %  4m 10s left")
        #expect(lines(30)[0] == "step   60/1200  4m 10s left")
        #expect(lines(20)[0] == "step   60/1200")
        #expect(lines(10)[0] == "step   60/")
        #expect(lines(40)[1].hasPrefix("loss 2.3457  val 2.4100  █") && lines(40)[1].count == 40)
        #expect(lines(30)[1] == "loss 2.3457  val 2.4100")
        #expect(lines(20)[1] == "loss 2.3457")
        #expect(lines(40)[2] == "1234 tok/s  lr 1.0e-3  41 % of peak")
        #expect(lines(25)[2] == "1234 tok/s  lr 1.0e-3")
        #expect(lines(15)[2] == "1234 tok/s")
    }

    @Test func noLineIsLongerThanTheTerminal() {
        var extreme = Self.display()
        (extreme.loss, extreme.validationLoss, extreme.learningRate) = (.nan, .infinity, 0)
        (extreme.tokensPerSecond, extreme.secondsLeft, extreme.shareOfPeak) = (.infinity, .infinity, -1)
        let empty = Self.display(losses: [])
        for width in 1...220 {
            for display in [Self.display(), extreme, empty] {
                let lines = display.lines(width: width, color: false)
                #expect(lines.count == 3 && lines.allSatisfy { $0.count <= width && !$0.contains("\n") })
                // Colors change nothing else.
                let colored = display.lines(width: width, color: true)
                #expect(colored.map { $0.replacing(/\u{1B}\[[0-9]*m/, with: "") } == lines)
            }
        }
    }

    @Test func theCurve() {
        var curve = LossCurve()
        #expect(curve.sparkline(width: 10) == "")
        for loss in [8.0, 7, .nan, 6, 5, 4, .infinity, 3, 2, 1] { curve.append(loss) }
        #expect(curve.sparkline(width: 10) == "█▇▆▅▄▃▂▁")
        #expect(curve.sparkline(width: 4) == "█▆▃▁" && curve.sparkline(width: 0) == "")
        // A long run keeps its shape.
        var long = LossCurve()
        for step in 0..<100_000 { long.append(-Double(step)) }
        #expect(long.sparkline(width: 8) == "█▇▆▅▄▃▂▁")
        var flat = LossCurve()
        for _ in 0..<3 { flat.append(1) }
        #expect(flat.sparkline(width: 10) == "▅▅▅")
    }

    @Test func linesAreReplacedInPlace() {
        var screen = Screen(columns: 20)
        var block = LiveBlock()
        screen.write("$ luthier\n")
        screen.write(block.replace(with: ["one", "two"], columns: 20))
        #expect(screen.shown == ["$ luthier", "one", "two"] && screen.cursor == (3, 0))
        screen.write(block.replace(with: ["\u{1B}[1mthree\u{1B}[0m"], columns: 20))
        #expect(screen.shown == ["$ luthier", "three"] && screen.cursor == (2, 0))
        screen.write(
            block.replace(with: ["four", "5"], message: "saved it\nnote: a line that is wrapped\n", columns: 20))
        let log = ["$ luthier", "saved it", "note: a line that is", " wrapped"]
        #expect(screen.shown == log + ["four", "5"])
        // What the keyboard echoes is gone at once.
        screen.write("^C")
        screen.write(block.replace(with: ["six", "seven"], columns: 20))
        #expect(screen.shown == log + ["six", "seven"])
        block.leave()
        screen.write(block.replace(with: [], message: "the end\n", columns: 20))
        #expect(screen.shown == log + ["six", "seven", "the end"])
    }

    @Test func withoutLinesAMessageIsOnlyItself() {
        var block = LiveBlock()
        #expect(block.replace(with: [], message: "note: x\n", columns: 80) == "note: x\n")
    }

    @Test(arguments: [7, 10, 19, 30]) func afterAResize(columns: Int) {
        var screen = Screen(columns: 20)
        var block = LiveBlock()
        screen.write("log\n" + block.replace(with: ["123456789 123456789", "123456789", "1"], columns: 20))
        screen.resize(to: columns)
        screen.write(block.replace(with: ["a", "b", "c"], columns: columns))
        #expect(screen.shown == ["log", "a", "b", "c"])
        screen.resize(to: 40)
        screen.write(block.replace(with: ["d", "e", "f"], columns: 40))
        #expect(screen.shown == ["log", "d", "e", "f"])
    }
}

/// As much of a terminal as the display uses.
private struct Screen {
    private var columns: Int
    /// Rows of characters, and whether a row continues in the next one.
    private var rows: [(text: [Character], isWrapped: Bool)] = [([], false)]
    private(set) var cursor = (row: 0, column: 0)

    init(columns: Int) { self.columns = columns }

    /// The rows without the empty ones at the end.
    var shown: [String] {
        var lines = rows.map { String($0.text) }
        while lines.last?.isEmpty == true { lines.removeLast() }
        return lines
    }

    mutating func write(_ text: String) {
        var rest = text[...]
        while let character = rest.popFirst() {
            switch character {
            case "\n": moveDown()
            case "\r": cursor.column = 0
            case "\u{1B}":
                let end = rest.firstIndex(where: \.isLetter) ?? rest.endIndex
                obey(rest[end], Int(rest[..<end].dropFirst()))
                rest = rest[end...].dropFirst()
            default: put(character)
            }
        }
    }

    private mutating func moveDown() {
        cursor = (cursor.row + 1, 0)
        while rows.count <= cursor.row { rows.append(([], false)) }
    }

    private mutating func put(_ character: Character) {
        if cursor.column == columns {
            rows[cursor.row].isWrapped = true
            moveDown()
        }
        while rows[cursor.row].text.count <= cursor.column { rows[cursor.row].text.append(" ") }
        rows[cursor.row].text[cursor.column] = character
        cursor.column += 1
    }

    private mutating func obey(_ command: Character, _ number: Int?) {
        switch command {
        case "A": cursor.row = max(0, cursor.row - (number ?? 1))
        case "K": eraseRow()
        case "J":
            eraseRow()
            rows.removeSubrange((cursor.row + 1)...)
        default: break
        }
    }

    private mutating func eraseRow() {
        rows[cursor.row].text = Array(rows[cursor.row].text.prefix(cursor.column))
        // A row that is not erased completely remembers that the next one belonged to it.
        if cursor.column == 0 { rows[cursor.row].isWrapped = false }
    }

    /// Wraps all lines again, as most terminals do. The cursor must be in an empty last row.
    mutating func resize(to columns: Int) {
        var lines: [[Character]] = [[]]
        for row in rows {
            lines[lines.count - 1] += row.text
            if !row.isWrapped { lines.append([]) }
        }
        lines.removeLast()
        self.columns = columns
        rows = lines.flatMap { line -> [(text: [Character], isWrapped: Bool)] in
            guard !line.isEmpty else { return [([], false)] }
            return stride(from: 0, to: line.count, by: columns).map {
                (Array(line[$0..<min(line.count, $0 + columns)]), $0 + columns < line.count)
            }
        }
        cursor = (rows.count - 1, 0)
    }
}
