// Scalars, texts and histograms for TensorBoard: an append-only file of records in its own format.

import Files

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A TensorBoard event file being written.
///
/// A record (TensorFlow's TFRecord) is the length of its data (8 bytes), the masked CRC-32C of those 8 bytes, the data,
/// and the data's masked CRC-32C, all little-endian. The data is a protobuf message `Event`, which is simple enough to
/// be encoded by hand: `wall_time` = 1 (double), `step` = 2 (int64), `file_version` = 3 (string), `summary` = 5, whose
/// `value` = 1 is repeated, each with `tag` = 1 (string) and `simple_value` = 2 (float).
package final class EventFile {
    package let path: String

    private let file: FileDescriptor
    /// Where the next record begins. It moves on only when a record is complete, so what a failed write has left
    /// after it is overwritten.
    private var end = 0

    /// Creates `events.out.tfevents.<seconds>.luthier` in `directory`, `seconds` being the time since 1970. Where that
    /// file exists already, the next free second is taken: what a killed process has left may end in half a record,
    /// after which TensorBoard reads no further.
    package init(directory: String, seconds: Int) throws(FileError) {
        var seconds = seconds
        while true {
            let path = "\(directory)/events.out.tfevents.\(seconds).luthier"
            do throws(FileError) {
                file = try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_EXCL, failure: .create)
                self.path = path
                break
            } catch {
                guard error.code == EEXIST else { throw error }
                seconds += 1
            }
        }
        try append(EventFile.event(seconds: Double(seconds), step: 0, field: 3, Array("brain.Event:2".utf8)))
    }

    deinit { file.close() }

    /// Appends one event with `values` under their tags, `loss/train` for instance; `seconds` is the time since 1970.
    package func append(step: Int, seconds: Double, values: [(tag: String, value: Float)]) throws(FileError) {
        var summary: [UInt8] = []
        for (tag, value) in values {
            var message = EventFile.bytesField(1, Array(tag.utf8))
            message += EventFile.key(2, wireType: 5) + EventFile.littleEndian(value.bitPattern)
            summary += EventFile.bytesField(1, message)
        }
        try append(EventFile.event(seconds: seconds, step: step, field: 5, summary))
    }

    func append(_ event: [UInt8]) throws(FileError) {
        let record = EventFile.record(event)
        try file.write(record, at: end)
        end += record.count
    }

    /// `data` with its frame.
    static func record(_ data: [UInt8]) -> [UInt8] {
        let length = littleEndian(UInt64(data.count))
        return length + littleEndian(CRC32C.masked(length)) + data + littleEndian(CRC32C.masked(data))
    }

    /// An `Event` whose content is the message or string `field`.
    static func event(seconds: Double, step: Int, field: UInt64, _ content: [UInt8]) -> [UInt8] {
        let time = key(1, wireType: 1) + littleEndian(seconds.bitPattern)
        // A zero is protobuf's default, and omitted.
        let position = step == 0 ? [] : key(2, wireType: 0) + varint(UInt64(bitPattern: Int64(step)))
        return time + position + bytesField(field, content)
    }

    static func bytesField(_ number: UInt64, _ content: [UInt8]) -> [UInt8] {
        key(number, wireType: 2) + varint(UInt64(content.count)) + content
    }

    static func key(_ number: UInt64, wireType: UInt64) -> [UInt8] { varint(number << 3 | wireType) }

    /// Seven bits a byte, the lowest first; the eighth says that more follow.
    static func varint(_ value: UInt64) -> [UInt8] {
        var rest = value
        var bytes: [UInt8] = []
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7f) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    static func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }
}

/// The checksum of Castagnoli, as in RFC 3720, section 12.1.
package enum CRC32C {
    /// The remainder of every byte, for the polynomial 0x1EDC6F41 with its bits reversed.
    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { remainder, _ in
            remainder & 1 == 1 ? remainder >> 1 ^ 0x82f6_3b78 : remainder >> 1
        }
    }

    package static func checksum(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~0) { remainder, byte in table[Int(UInt8(truncatingIfNeeded: remainder) ^ byte)] ^ remainder >> 8
        }
    }

    /// TFRecord's form: rotated and shifted, since the checksum of data that holds its own checksum is a constant.
    static func masked(_ bytes: [UInt8]) -> UInt32 {
        let checksum = checksum(bytes)
        return (checksum >> 15 | checksum << 17) &+ 0xa282_ead8
    }
}
