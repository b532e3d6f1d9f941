// The reproducible numbers of a run, in two files of the same lines: metrics.jsonl, and metrics.csv for spreadsheets.

import Files
import Foundation
import Models
import StrictJSON

/// metrics.csv is a function of metrics.jsonl. It has one header: the usual names, then all others in the order in which
/// they first occur. A line of metrics.jsonl is a row, with an empty cell for what the line does not have.
final class MetricsLog {
    /// Columns of every run.
    static let usualColumns = [
        "step", "epoch", "loss", "learningRate", "gradientNorm", "skippedSteps", "validationLoss",
        "validationPerplexity", "validationBitsPerByte", "validationTokenAccuracy",
    ]

    private let lines: LineLog
    private let source: String
    private let path: String
    private var columns: [String] = []
    private var table: FileDescriptor?
    /// Bytes of metrics.csv; a row that could not be written completely is overwritten by the next.
    private var end = 0
    /// Step and loss of each evaluation of the validation split that the log was opened with.
    private(set) var validations: [(step: Int, loss: Double)] = []

    /// Opens both files in `folder`, keeping the lines up to and including `step`; nil starts new ones. A run that has
    /// no metrics.csv yet gets one with all its lines.
    ///
    /// - Parameter isRepeated: as `LineLog` takes it.
    init(folder: RunFolder, upTo step: Int?, isRepeated: (JSONObject) -> Bool = { _ in false }) throws {
        (source, path) = (folder.file("metrics.jsonl"), folder.file("metrics.csv"))
        lines = try LineLog(path: source, upTo: step, isRepeated: isRepeated)
        try rebuild()
    }

    deinit { table?.close() }

    /// Appends one line to both.
    func append(_ members: [(key: String, value: JSONOutput)]) throws {
        try lines.append(members)
        guard members.allSatisfy({ columns.contains($0.key) }) else { return try rebuild() }
        let bytes = Array(row(members).utf8)
        try table?.write(bytes, at: end)
        end += bytes.count
    }

    /// Waits until the lines are on the disk.
    func synchronize() throws {
        try lines.synchronize()
        try table?.synchronize()
    }

    /// Writes metrics.csv from the lines of metrics.jsonl.
    private func rebuild() throws {
        let bytes = FileManager.default.contents(atPath: source) ?? Data()
        let objects = try bytes.split(separator: 0x0A).compactMap { try JSONText.parse(Array($0)).object }
        columns = Self.usualColumns
        for member in objects.flatMap(\.members) where !columns.contains(member.key) { columns.append(member.key) }
        validations = objects.compactMap { line in
            guard let step = line["step"]?.integer, let loss = line["validationLoss"]?.number else { return nil }
            return (step, loss)
        }
        let rows = objects.map { line in row(line.members.map { (key: $0.key, value: JSONOutput($0.value)) }) }
        table?.close()
        table = nil
        let text = Self.line(columns) + rows.joined()
        try AtomicFile.write(text, to: path)
        table = try FileDescriptor.open(path, O_WRONLY)
        end = text.utf8.count
    }

    private func row(_ members: [(key: String, value: JSONOutput)]) -> String {
        let values = Dictionary(members.map { ($0.key, $0.value) }) { first, _ in first }
        return Self.line(columns.map { Self.cell(values[$0] ?? .null) })
    }

    /// The value as in metrics.jsonl; null is empty.
    private static func cell(_ value: JSONOutput) -> String {
        switch value {
        case .null: return ""
        case .string(let text): return text
        default:
            let text = value.serialized()
            return text == "null" ? "" : text
        }
    }

    /// A row as in RFC 4180, except for its line feed.
    private static func line(_ cells: [String]) -> String {
        cells.map { cell in
            guard cell.utf8.contains(where: { [0x0A, 0x0D, 0x22, 0x2C].contains($0) }) else { return cell }
            return "\"" + cell.replacingOccurrences(of: "\"", with: "\"\"") + "\""
        }.joined(separator: ",") + "\n"
    }
}
