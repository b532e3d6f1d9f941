// Reading text: what is removed, what is rejected, and the error messages.

import Datasets
import Foundation
import TestSupport
import Testing

@Suite struct TextFileTests {
    @Test(arguments: [
        ("plain\n", "plain\n"),
        ("", ""),
        ("\u{FEFF}first", "first"),
        ("\u{FEFF}\u{FEFF}two", "\u{FEFF}two"),
        ("a\r\nb\r\n", "a\nb\n"),
        ("a\rb\r\r\nc\r", "a\nb\n\nc\n"),
        ("\u{FEFF}\r\n", "\n"),
        ("é 😀 \u{10FFFF} \u{1}", "é 😀 \u{10FFFF} \u{1}"),
    ])
    func whatIsRemoved(text: String, expected: String) throws {
        let file = try TextFile(path: "t.txt", bytes: Array(text.utf8))
        #expect(file.bytes == Array(expected.utf8))
        try withTemporaryFolder { folder in
            let path = try folder.write(text, as: "t.txt")
            let read = try TextFile(path: path)
            #expect(read.bytes == file.bytes && read.path == path)
        }
    }

    /// Every kind of ill-formed sequence: a lone continuation, overlong forms, a surrogate, beyond the last scalar,
    /// cut off, and broken in the middle.
    @Test(
        arguments: [
            ([0x80], 1, 1, "0x80"), ([0x61, 0x0A, 0x62, 0xFF], 2, 2, "0xFF"),
            ([0xC0, 0xAF], 1, 1, "0xC0"), ([0xC1, 0xBF], 1, 1, "0xC1"), ([0xE0, 0x9F, 0xBF], 1, 1, "0xE0"),
            ([0xED, 0xA0, 0x80], 1, 1, "0xED"), ([0xF0, 0x8F, 0xBF, 0xBF], 1, 1, "0xF0"),
            ([0xF4, 0x90, 0x80, 0x80], 1, 1, "0xF4"), ([0xF5, 0x80, 0x80, 0x80], 1, 1, "0xF5"),
            ([0x0A, 0x0A, 0x20, 0xC3], 3, 2, "0xC3"), ([0xE2, 0x82], 1, 1, "0xE2"),
            ([0xF0, 0x9F, 0x98, 0x0A], 1, 1, "0xF0"), ([0xE2, 0x82, 0x41], 1, 1, "0xE2"),
            ([0x0D, 0x0A, 0xC3, 0xA9, 0xE9, 0x0A], 2, 3, "0xE9"),
        ] as [([UInt8], Int, Int, String)])
    func invalidUTF8(bytes: [UInt8], line: Int, column: Int, byte: String) throws {
        let error = #expect(throws: DatasetError.self) { try TextFile(path: "t.txt", bytes: bytes) }
        #expect(error?.description == "t.txt, line \(line), byte \(column): \(byte) is not valid UTF-8")
        #expect(
            error?.hint == "save the file as UTF-8; `iconv -f windows-1252 -t utf-8 FILE` converts an older encoding")
    }

    /// Compares with Foundation's decoder on random bytes, mostly lead and continuation bytes.
    @Test func agreesWithFoundationOnRandomBytes() {
        let alphabet: [UInt8] = [
            0x41, 0x0A, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xED, 0xEF, 0xF0, 0xF1,
            0xF4, 0xF5, 0xFF,
        ]
        var generator = SystemRandomNumberGenerator()
        var valid = 0
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 1...5, using: &generator)).map { _ in
                alphabet[Int.random(in: 0..<alphabet.count, using: &generator)]
            }
            let isValid = (try? TextFile(path: "t", bytes: bytes)) != nil
            let expected = String(validating: bytes, as: UTF8.self) != nil
            #expect(isValid == expected, "\(bytes)")
            valid += isValid ? 1 : 0
        }
        #expect(valid > 100)
    }

    @Test func onlyRegularFilesAreRead() throws {
        try withTemporaryFolder { folder in
            let missing = #expect(throws: DatasetError.self) { try TextFile(path: folder.path + "/none.txt") }
            #expect(missing?.description == "\(folder.path)/none.txt: no such file")
            let isFolder = #expect(throws: DatasetError.self) { try TextFile(path: folder.path) }
            #expect(isFolder?.description == "\(folder.path) is a folder, where a text file was expected")
            #expect(isFolder?.hint == "name the files in it")
            // Reading a FIFO would block until a writer opens it.
            let fifo = folder.path + "/fifo"
            #expect(mkfifo(fifo, 0o600) == 0)
            let special = #expect(throws: DatasetError.self) { try TextFile(path: fifo) }
            #expect(special?.description == "\(fifo) is not a regular file")
        }
    }

    /// Data files are often linked from other folders.
    @Test func linksAreFollowed() throws {
        try withTemporaryFolder { folder in
            let target = try folder.write("linked", as: "target.txt")
            let link = folder.path + "/link.txt"
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: target)
            #expect(try TextFile(path: link).bytes == Array("linked".utf8))
            let dangling = folder.path + "/dangling.txt"
            try FileManager.default.createSymbolicLink(atPath: dangling, withDestinationPath: "nowhere")
            #expect(throws: DatasetError.fileNotFound(path: dangling)) { try TextFile(path: dangling) }
        }
    }
}
