// Makes UTF-8 with line feeds of a file's bytes: without a byte-order mark, from UTF-16, with every line end as "\n".

import Foundation

/// A defect of a file's bytes, with its offset.
package enum TextDefect: Error, Equatable {
    /// Half of a surrogate pair, or half of a code unit at the end.
    case loneSurrogate(offset: Int)
    case utf32
    /// A byte of value 0 in UTF-8: the file is not text.
    case zeroByte(offset: Int)
}

/// Decodes a file in pieces of any size.
package struct TextDecoder: Sendable {
    private enum Encoding { case utf8, littleEndian16, bigEndian16 }

    private var encoding: Encoding?
    /// Raw bytes that wait for more: a beginning too short to judge, half a code unit or half a surrogate pair.
    private var waiting: [UInt8] = []
    private var followsReturn = false
    /// Raw bytes consumed before `waiting`.
    private var offset = 0

    /// How many bytes at the beginning show the encoding.
    private static let judgedBytes = 512

    package init() {}

    /// Converts a complete file.
    package static func decode(_ raw: [UInt8]) throws(TextDefect) -> [UInt8] {
        var decoder = TextDecoder()
        var bytes = raw
        try decoder.decode(&bytes, from: 0, isEnd: true)
        return bytes
    }

    /// Replaces the raw bytes from `start` on by their text.
    package mutating func decode(_ bytes: inout [UInt8], from start: Int, isEnd: Bool) throws(TextDefect) {
        if encoding == nil || !waiting.isEmpty {
            bytes.insert(contentsOf: waiting, at: start)
            waiting = []
        }
        if encoding == nil {
            guard isEnd || bytes.count - start >= TextDecoder.judgedBytes else {
                waiting = Array(bytes[start...])
                bytes.removeLast(waiting.count)
                return
            }
            let mark: Int
            (encoding, mark) = try TextDecoder.judge(bytes[start...])
            bytes.removeSubrange(start..<start + mark)
            offset += mark
        }
        switch encoding {
        case .littleEndian16: try decode16(&bytes, from: start, isEnd: isEnd, low: 0)
        case .bigEndian16: try decode16(&bytes, from: start, isEnd: isEnd, low: 1)
        case .utf8, nil:
            if let zero = TextDecoder.first(0, in: bytes, from: start) {
                throw .zeroByte(offset: offset + zero - start)
            }
            offset += bytes.count - start
        }
        normalizeLineEnds(&bytes, from: start)
    }

    /// The encoding of a file, and the length of its byte-order mark. Without a mark, UTF-16 shows by its zero bytes:
    /// the upper halves of most characters.
    private static func judge(_ bytes: ArraySlice<UInt8>) throws(TextDefect) -> (Encoding, Int) {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { return (.utf8, 3) }
        if bytes.starts(with: [0xFF, 0xFE, 0, 0]) || bytes.starts(with: [0, 0, 0xFE, 0xFF]) { throw .utf32 }
        if bytes.starts(with: [0xFF, 0xFE]) { return (.littleEndian16, 2) }
        if bytes.starts(with: [0xFE, 0xFF]) { return (.bigEndian16, 2) }
        let start = bytes.prefix(judgedBytes)
        var zeros = (even: 0, odd: 0)
        for (index, byte) in start.enumerated() where byte == 0 {
            if index % 2 == 0 { zeros.even += 1 } else { zeros.odd += 1 }
        }
        let most = start.count / 2
        if most > 1, zeros.odd * 3 > most, zeros.even * 8 < zeros.odd { return (.littleEndian16, 0) }
        if most > 1, zeros.even * 3 > most, zeros.odd * 8 < zeros.even { return (.bigEndian16, 0) }
        return (.utf8, 0)
    }

    /// - Parameter low: the place of the lower byte in a code unit.
    private mutating func decode16(
        _ bytes: inout [UInt8], from start: Int, isEnd: Bool, low: Int
    ) throws(TextDefect) {
        let raw = Array(bytes[start...])
        bytes.removeLast(raw.count)
        func unit(_ index: Int) -> UInt32 { UInt32(raw[index + low]) | UInt32(raw[index + 1 - low]) << 8 }
        var index = 0
        while index + 1 < raw.count {
            var value = unit(index)
            var length = 2
            if value & 0xFC00 == 0xD800 {
                guard index + 3 < raw.count else { break }
                let second = unit(index + 2)
                guard second & 0xFC00 == 0xDC00 else { throw .loneSurrogate(offset: offset + index) }
                value = 0x10000 + (value & 0x3FF) << 10 + second & 0x3FF
                length = 4
            }
            guard let scalar = Unicode.Scalar(value) else { throw .loneSurrogate(offset: offset + index) }
            bytes.append(contentsOf: scalar.utf8)
            index += length
        }
        guard index == raw.count || !isEnd else { throw .loneSurrogate(offset: offset + index) }
        waiting = Array(raw[index...])
        offset += index
    }

    /// Makes "\n" of "\r\n" and of "\r".
    private mutating func normalizeLineEnds(_ bytes: inout [UInt8], from start: Int) {
        guard start < bytes.count else { return }
        guard followsReturn || TextDecoder.first(0x0D, in: bytes, from: start) != nil else { return }
        var (target, follows) = (start, followsReturn)
        bytes.withUnsafeMutableBufferPointer { buffer in
            for index in start..<buffer.count {
                let byte = buffer[index]
                if !(byte == 0x0A && follows) {
                    buffer[target] = byte == 0x0D ? 0x0A : byte
                    target += 1
                }
                follows = byte == 0x0D
            }
        }
        followsReturn = follows
        bytes.removeLast(bytes.count - target)
    }

    private static func first(_ byte: UInt8, in bytes: [UInt8], from start: Int) -> Int? {
        bytes.withUnsafeBytes { raw -> Int? in
            guard start < raw.count, let base = raw.baseAddress,
                let found = memchr(base + start, Int32(byte), raw.count - start)
            else { return nil }
            return UnsafeRawPointer(found) - base
        }
    }
}
