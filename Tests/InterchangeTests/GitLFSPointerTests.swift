// Texts of Git LFS in the place of files: recognised, and named with the fix.

import Files
import Interchange
import TestSupport
import Testing

@Suite("Git LFS pointers") struct GitLFSPointerTests {
    private static let digest = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
    private static let text = "version https://git-lfs.github.com/spec/v1\noid sha256:\(digest)\nsize 98362432\n"

    private static func detect(_ text: String) -> GitLFSPointer? {
        Array(text.utf8).withUnsafeBytes { GitLFSPointer.detect($0) }
    }

    @Test func detected() {
        let pointer = Self.detect(Self.text)
        #expect(pointer?.digest == Self.digest && pointer?.byteCount == 98_362_432 && pointer?.pointerBytes == 133)
        #expect(Self.detect(Self.text.replacing("\n", with: "\r\n"))?.byteCount == 98_362_432)
        #expect(Self.detect(Self.text.replacing("oid", with: "ext-0-x sha256:00\noid"))?.digest == Self.digest)
    }

    @Test func notDetected() {
        let text = Self.text
        let others = [
            "", "GGUF", "version 3", text.replacing("size", with: "sizes"), text.replacing("98362432", with: "-1"),
            text.replacing("98362432", with: "99999999999999999999"), text.replacing(Self.digest, with: "b179"),
            text.replacing("sha256", with: "sha512"), text + String(repeating: " ", count: 1024), "x" + text,
        ]
        for other in others { #expect(Self.detect(other) == nil, "\(other)") }
    }

    @Test func everyReaderNamesIt() throws {
        let folder = try TemporaryFolder()
        for name in ["m.gguf", "model.safetensors", "config.json", "x.bin"] { try folder.write(Self.text, as: name) }
        let readers: [(String, (String) throws -> Void)] = [
            ("m.gguf", { _ = try GGUFFile(path: $0) }), ("model.safetensors", { _ = try SafetensorsFile(path: $0) }),
            ("config.json", { _ in _ = try HuggingFaceFolder(path: folder.path) }),
            ("m.gguf", { try ThirdPartyFile.rejectAsModel($0) }), ("x.bin", { try ThirdPartyFile.rejectAsModel($0) }),
            ("model.safetensors", { try ThirdPartyFile.rejectAsModel($0) }),
        ]
        for (name, read) in readers {
            let path = folder.path + "/" + name
            let error = #expect(throws: InterchangeError.self) { try read(path) }
            #expect(
                error?.description
                    == "\(path) is a Git LFS pointer, a text of 133 bytes in the place of a file of 98362432 bytes")
            #expect(error?.hint?.contains("git lfs pull") == true)
        }
    }
}
