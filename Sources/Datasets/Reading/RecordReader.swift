// Reads a file as batches of records, a few megabytes at a time.

/// Reads one file to its end. Needs memory for one batch and the longest record.
package final class RecordReader {
    /// Approximate size of a batch in bytes.
    static let batchBytes = 4 << 20
    /// Longer records are dropped; a file that is one record may be longer.
    package static func largestRecord(_ format: SourceFormat) -> Int {
        [.file, .object, .messageTree, .chatML].contains(format) ? 256 << 20 : 16 << 20
    }

    let file: Int
    package let format: SourceFormat
    /// Uncompressed bytes read so far.
    package var bytesRead: Int { stream.bytesRead }
    private let stream: ByteStream
    private var splitter: RecordSplitter
    private var rest: [UInt8] = []
    private var isEnd = false
    /// Whether the splitter has seen the end of the file.
    private var isDone = false
    package private(set) var recordCount = 0

    package init(path: String, file: Int, text: TextCut, delimiter: UInt8? = nil) throws(DatasetError) {
        self.file = file
        stream = try ByteStream(path: path)
        // The decoder keeps a short beginning until it can judge it.
        while !isEnd, rest.isEmpty { isEnd = !(try stream.append(to: &rest)) }
        guard let format = SourceFormat.detect(path: path, start: rest[...], text: text, delimiter: delimiter) else {
            throw .notNamedText(path: path)
        }
        self.format = format
        splitter = RecordSplitter(format: format)
    }

    /// The next records, or nil at the end.
    package func next() throws(DatasetError) -> RecordBatch? {
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
    private func more() throws(DatasetError) { isEnd = !(try stream.append(to: &rest)) }
}
