// Reads a file as batches of records, a few megabytes at a time.

/// Reads one file to its end. Needs memory for one batch and the longest record.
final class RecordReader {
    /// Approximate size of a batch in bytes.
    static let batchBytes = 4 << 20
    /// Longer records are dropped; a file that is one record may be longer.
    static func largestRecord(_ format: SourceFormat) -> Int {
        format == .file || format == .object ? 256 << 20 : 16 << 20
    }

    let file: Int
    let format: SourceFormat
    /// Uncompressed bytes read so far.
    private(set) var bytesRead = 0
    private let stream: ByteStream
    private var splitter: RecordSplitter
    private var rest: [UInt8] = []
    private var isEnd = false
    /// Whether the splitter has seen the end of the file.
    private var isDone = false
    private(set) var recordCount = 0

    init(path: String, file: Int, text: TextCut) throws(PreparationError) {
        self.file = file
        stream = try ByteStream(path: path)
        isEnd = !(try stream.append(to: &rest))
        bytesRead = rest.count
        if rest.starts(with: [0xEF, 0xBB, 0xBF]) { rest.removeFirst(3) }
        if let kind = SourceFormat.unsupportedKind(rest) { throw .notText(path: path, kind: kind) }
        format = SourceFormat.detect(path: path, start: rest[...], text: text)
        splitter = RecordSplitter(format: format)
    }

    /// The next records, or nil at the end.
    func next() throws(PreparationError) -> RecordBatch? {
        while !isDone {
            while !isEnd, rest.count < RecordReader.batchBytes { try more() }
            var records: [RecordRange] = []
            var done = rest.withUnsafeBufferPointer { splitter.split($0, isEnd: isEnd, into: &records) }
            if !isEnd, records.isEmpty, rest.count - done > RecordReader.largestRecord(format) {
                splitter.abandon(into: &records)
                done = rest.count
            }
            isDone = isEnd
            if records.isEmpty {
                // A file that is one record grows here in pieces, without a copy each time.
                if done > 0 { rest.removeFirst(done) }
                if !isEnd { try more() }
                continue
            }
            let bytes = rest
            rest = Array(bytes[done...])
            let batch = RecordBatch(file: file, firstRecord: recordCount, bytes: bytes, records: records)
            recordCount += records.count
            return batch
        }
        return nil
    }

    /// Reads the next piece.
    private func more() throws(PreparationError) {
        let before = rest.count
        isEnd = !(try stream.append(to: &rest))
        bytesRead += rest.count - before
    }
}
