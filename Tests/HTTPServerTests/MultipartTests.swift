// Forms with files: what is valid is read exactly, and nothing else is.

import Foundation
import HTTPServer
import Kernels
import TestSupport
import Testing

@Suite struct MultipartTests {
    /// Each form is read from memory and from a file, and both must agree.
    static func read(_ bytes: [UInt8], boundary: String, _ folder: TemporaryFolder) throws -> Multipart {
        let path = try folder.write(bytes, as: "form")
        let fromFile: Result<Multipart, MultipartError>
        do throws(MultipartError) { fromFile = .success(try Multipart(file: path, boundary: boundary)) } catch {
            fromFile = .failure(error)
        }
        do throws(MultipartError) {
            let form = try Multipart(bytes: bytes, boundary: boundary)
            guard case .success(let other) = fromFile else {
                Issue.record("the file is refused: \(fromFile)")
                return form
            }
            #expect(other.parts == form.parts)
            for part in form.parts {
                #expect(try other.bytes(of: part, most: .max) == form.bytes(of: part, most: .max))
            }
            return form
        } catch {
            guard case .failure(error) = fromFile else {
                Issue.record("only the bytes are refused: \(error)")
                throw error
            }
            throw error
        }
    }

    private static func refused(_ text: String, boundary: String = "b") throws -> MultipartError? {
        try withTemporaryFolder { folder in
            #expect(throws: MultipartError.self, "\(text)") { try read(Array(text.utf8), boundary: boundary, folder) }
        }
    }

    @Test func fieldsAndFiles() throws {
        let text =
            "--b\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nfine-tune\r\n"
            + "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"C:\\data\\a \\\"b\\\".jsonl\"\r\n"
            + "Content-Type: application/octet-stream\r\n\r\n{\"a\": 1}\r\n-b\r\n--\r\n\r\n--b\r\n"
            + "Content-Disposition: form-data; name=empty; filename*=UTF-8''%e2%82%ac.txt; filename=\"x\"\r\n\r\n\r\n--b--\r\n"
        try withTemporaryFolder { folder in
            let form = try MultipartTests.read(Array(text.utf8), boundary: "b", folder)
            #expect(form.parts.map(\.name) == ["purpose", "file", "empty"])
            #expect(form.parts.map(\.filename) == [nil, "C:\\data\\a \"b\".jsonl", "\u{20AC}.txt"])
            #expect(form.parts.map(\.contentType) == [nil, "application/octet-stream", nil])
            #expect(try form.text(of: form.parts[0]) == "fine-tune")
            #expect(try form.text(of: form.parts[1]) == "{\"a\": 1}\r\n-b\r\n--\r\n")
            #expect(try form.text(of: form.parts[2]).isEmpty)
            #expect(try form.beginning(of: form.parts[1], 4) == Array("{\"a\"".utf8))
            #expect(throws: MultipartError.tooLong(name: "purpose", limit: 3)) {
                try form.text(of: form.parts[0], most: 3)
            }
            #expect(form.part("file") == form.parts[1] && form.part("other") == nil)
        }
    }

    @Test func refusedForms() throws {
        let part = "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n"
        #expect(try MultipartTests.refused("") == .noFirstBoundary)
        #expect(try MultipartTests.refused("preamble\r\n" + part + "--b--") == .noFirstBoundary)
        #expect(try MultipartTests.refused("--c\r\n") == .noFirstBoundary)
        #expect(try MultipartTests.refused(part) == .unfinished)
        #expect(try MultipartTests.refused(part + "--b") == .unfinished)
        #expect(try MultipartTests.refused(part + "--b\r\n") == .unfinished)
        #expect(try MultipartTests.refused("--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx") == .unfinished)
        #expect(try MultipartTests.refused("--b\r\nContent-Disp") == .unfinished)
        for end in ["--b-", "--bx\r\n", "--b--x", "--b--\r\nepilogue", "--b \r\n", "--b--\n"] {
            let error = try MultipartTests.refused(part + end)
            #expect(
                error == .badBoundary(offset: part.utf8.count + 3) || (end == "--b-" && error == .unfinished), "\(end)")
        }
        for header in [
            "", "Content-Type: text/plain\r\n", "Content-Disposition: attachment; name=\"a\"\r\n",
            "Content-Disposition: form-data\r\n", "Content-Disposition: form-data; name=\"a\r\n",
            "Content-Disposition: form-data; name=\"a\"; name=\"b\"\r\n",
            "Content-Disposition: form-data; name=\"a\" x\r\n",
            "Content-Disposition: form-data; name=\"a\"\r\nContent-Disposition: form-data; name=\"b\"\r\n",
            "no colon\r\n",
            "Content-Disposition : form-data; name=\"a\"\r\n", " Content-Disposition: form-data; name=\"a\"\r\n",
            "Content-Disposition: form-data; name=\"a\0\"\r\n", "Content-Disposition: form-data; name=\"a\"\nX: y\r\n",
            "Content-Disposition: form-data; name=\"a\"\r\nContent-Transfer-Encoding: base64\r\n",
        ] {
            guard case .badHeader(part: 0, _)? = try MultipartTests.refused("--b\r\n\(header)\r\nx\r\n--b--") else {
                Issue.record("accepted: \(header)")
                continue
            }
        }
        let long = String(repeating: "a", count: Multipart.mostHeaderBytes)
        #expect(
            try MultipartTests.refused("--b\r\nX: \(long)\r\n\r\nx\r\n--b--")
                == .longHeader(part: 0, limit: Multipart.mostHeaderBytes))
        #expect(
            try MultipartTests.refused(String(repeating: part, count: Multipart.mostParts + 1) + "--b--")
                == .tooManyParts(limit: Multipart.mostParts))
    }

    @Test func boundaries() {
        for (type, boundary) in [
            ("multipart/form-data; boundary=abc", "abc"), ("Multipart/Form-Data;boundary=\"a b:c\"", "a b:c"),
            ("multipart/form-data; charset=utf-8; boundary=----WebKit1;", "----WebKit1"),
            ("multipart/form-data; boundary=" + String(repeating: "x", count: 70), String(repeating: "x", count: 70)),
            ("multipart/form-data", nil), ("multipart/form-data; boundary=", nil), ("multipart/mixed; boundary=a", nil),
            ("multipart/form-data; boundary=\"a ", nil), ("multipart/form-data; boundary=\"a \"", nil),
            ("multipart/form-data; boundary=a; boundary=b", nil), ("multipart/form-data; boundary=\"a\u{E9}\"", nil),
            ("multipart/form-data; boundary=" + String(repeating: "x", count: 71), nil),
        ] as [(String, String?)] {
            #expect(Multipart.boundary(in: type) == boundary, "\(type)")
        }
        #expect(Multipart.boundary(in: nil) == nil)
    }

    /// Contents made of pieces of the boundary, in forms whose boundaries are at every place around a block's end.
    @Test func randomFormsComeBack() throws {
        var generator = SplitMix64(seed: 3)
        try withTemporaryFolder { folder in
            for round in 0..<400 {
                let pieces = ["\r\n", "--", "b", "\r", "\n", "-", "\r\n--", "\r\n--bo", "\r\n--bound", "x", "\r\n\r\n"]
                var contents: [[UInt8]] = []
                var form: [UInt8] = []
                for index in 0..<Int.random(in: 0...4, using: &generator) {
                    var content: [UInt8] = []
                    if round % 20 == 0, index == 0 {
                        let near = FormReader.blockSize + Int.random(in: -40...40, using: &generator)
                        content = [UInt8](repeating: 0x0D, count: near)
                    }
                    for _ in 0..<Int.random(in: 0...20, using: &generator) {
                        content += Array(pieces.randomElement(using: &generator)!.utf8)
                    }
                    if content.count >= 12, String(decoding: content, as: UTF8.self).contains("\r\n--boundary") {
                        continue
                    }
                    contents.append(content)
                    form +=
                        Array("--boundary\r\nContent-Disposition: form-data; name=\"p\"\r\n\r\n".utf8) + content + [
                            0x0D, 0x0A,
                        ]
                }
                form += Array((contents.isEmpty ? "--boundary--" : "--boundary--\r\n").utf8)
                let read = try MultipartTests.read(form, boundary: "boundary", folder)
                #expect(try read.parts.map { try read.bytes(of: $0, most: .max) } == contents)
            }
        }
    }

    /// Random damage is an error or another form, never a crash, and the same from memory and from a file.
    @Test func damagedForms() throws {
        let good = Array(
            ("--b\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nfine-tune\r\n--b\r\n"
                + "Content-Disposition: form-data; name=\"file\"; filename*=UTF-8''a%20b; filename=\"a\\\"b\"\r\n"
                + "Content-Type: text/plain\r\n\r\n{\"a\": 1}\r\n--b--\r\n").utf8)
        var generator = SplitMix64(seed: 5)
        try withTemporaryFolder { folder in
            for _ in 0..<4000 {
                var bytes = good
                for _ in 0..<Int.random(in: 1...4, using: &generator) {
                    let place = Int.random(in: 0..<max(1, bytes.count), using: &generator)
                    guard place < bytes.count else { continue }
                    switch Int.random(in: 0..<4, using: &generator) {
                    case 0: bytes[place] = "\r\n-b:;=\"\\'%* \0\u{FF}".utf8.randomElement(using: &generator)!
                    case 1: bytes.remove(at: place)
                    case 2: bytes.removeSubrange(place...)
                    default:
                        let end = min(bytes.count, place + 30)
                        bytes.insert(
                            contentsOf: bytes[place..<end], at: Int.random(in: 0...bytes.count, using: &generator))
                    }
                }
                if let form = try? MultipartTests.read(bytes, boundary: "b", folder) {
                    for part in form.parts {
                        #expect(0 <= part.range.lowerBound && part.range.upperBound <= bytes.count)
                    }
                }
            }
        }
    }

    @Test func copies() throws {
        let content = (0..<700_000).map { UInt8(truncatingIfNeeded: $0 &* 7919 >> 4) }
        let form =
            Array("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\n".utf8) + content
            + Array("\r\n--b--\r\n".utf8)
        try withTemporaryFolder { folder in
            let read = try MultipartTests.read(form, boundary: "b", folder)
            let part = try #require(read.part("file"))
            let path = folder.path + "/copy"
            #expect(try read.write(part, to: path) == content.count)
            #expect(try folder.read("copy") == content)
            #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
            // Neither an existing file nor a link is written to.
            #expect(throws: MultipartError.unwritable(reason: "File exists")) { try read.write(part, to: path) }
            #expect(symlink(folder.path + "/elsewhere", folder.path + "/link") == 0)
            #expect(throws: MultipartError.self) { try read.write(part, to: folder.path + "/link") }
            #expect(try !folder.names().contains("elsewhere"))
            #expect(throws: MultipartError.self) { try read.write(part, to: folder.path + "/absent/x") }
        }
    }

    @Test func ofARequest() throws {
        let text = "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--b--\r\n"
        let request = HTTPRequest(
            method: "POST", target: "/v1/files", headers: [("Content-Type", "multipart/form-data; boundary=b")],
            body: Array(text.utf8))
        #expect(try Multipart(request).parts.count == 1)
        try withTemporaryFolder { folder in
            var large = request
            (large.body, large.bodyFile) = ([], try folder.write(text, as: "body"))
            let form = try Multipart(large)
            #expect(try form.text(of: form.parts[0]) == "x")
            large.bodyFile = folder.path + "/absent"
            #expect(throws: MultipartError.unreadable(reason: "No such file or directory")) { try Multipart(large) }
        }
        #expect(throws: MultipartError.notAForm) { try Multipart(HTTPRequest(method: "POST", target: "/")) }
    }
}
