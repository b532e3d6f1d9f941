// Downloads from a hub that breaks off, says wrong lengths and refuses: they resume, verify, and never leave a half file.

import Checkpoint
import Fetching
import Foundation
import TestSupport
import Testing

@Suite struct DownloadTests {
    @Test func aModelIsFetchedOnce() throws {
        let place = try HubPlace()
        let model = try place.fetch()
        #expect(place.isRight && model.path == place.final && model.origin == .fetched)
        #expect(model.record.licence == "apache-2.0" && model.record.revision == TestHub.commit)
        let lines = ["config.json", "model.safetensors", "tokenizer.json"].map { name in
            "\(SHA256Digest.hex(of: HubPlace.contents[name] ?? []))  \(name)\n"
        }
        #expect(model.sha256 == SHA256Digest.hex(of: Array(lines.joined().utf8)))
        let requests = place.hub.hubRequests.count
        let again = try place.fetch()
        #expect(again.origin == .alreadyThere && again.path == model.path && again.sha256 == model.sha256)
        #expect(place.hub.hubRequests.count == requests)
    }

    /// The second request asks for what is missing, of the same version.
    @Test func aBrokenConnectionIsResumed() throws {
        let place = try HubPlace(faults: [.cut(100_000), .cut(50_000)])
        try place.fetch()
        #expect(place.isRight)
        let ranges = place.hub.fileRequests.map { $0.headers["range"] }
        #expect(ranges == [nil, "bytes=100000-", "bytes=150000-"])
        #expect(place.hub.fileRequests.map { $0.headers["if-range"] } == [nil, "\"one\"", "\"one\""])
    }

    /// What one process has received, the next one continues.
    @Test func aLaterProcessContinues() throws {
        let place = try HubPlace(faults: [.cut(120_000)])
        let error = place.failure(failures: 1)
        guard case .interrupted(file: "model.safetensors", reason: _, kept: 120_000)? = error else {
            Issue.record("\(error.map(\.description) ?? "no error")")
            return
        }
        #expect(place.hasNothing)
        let listed = ModelCache(place.environment()).list()
        #expect(listed.map(\.name) == ["owner/name"] && listed.first?.isComplete == false)
        try place.fetch()
        #expect(place.isRight)
        #expect(place.hub.fileRequests.map { $0.headers["range"] } == [nil, "bytes=120000-"])
    }

    /// The file has another version meanwhile: its first half is not that of the old one.
    @Test func anotherVersionStartsAgain() throws {
        let first = try HubPlace(faults: [.cut(90_000)])
        #expect(first.failure(failures: 1) != nil)
        first.hub.changeTag()
        try first.fetch()
        #expect(first.isRight)
        #expect(first.hub.fileRequests.last?.headers["if-range"] == "\"one\"")
    }

    @Test(arguments: [
        [TestHub.Fault.cut(1000), .ignoresRange], [.cut(1000), .wrongRange], [.wrongLength(by: 500)],
        [.wrongLength(by: -100_000)],
        [.status(500, [])], [.status(503, [("Retry-After", "0")])], [.status(429, [("Retry-After", "0")])],
        [.cut(0), .cut(0), .cut(10), .cut(0)], [.cut(1000), .status(416, [])], [.cut(5000), .status(502, []), .cut(7)],
    ]) func faultsAreSurvived(_ faults: [TestHub.Fault]) throws {
        let place = try HubPlace(faults: faults)
        try place.fetch()
        #expect(place.isRight)
    }

    /// The wrong bytes of an earlier download are found by their hash, and fetched again once.
    @Test func wrongBytesOfAnEarlierDownload() throws {
        let place = try HubPlace(faults: [.cut(60_000)])
        #expect(place.failure(failures: 1) != nil)
        let part = place.cache + "/.owner--name.partial/files/model.safetensors.part"
        try Data(repeating: 7, count: 60_000).write(to: URL(fileURLWithPath: part))
        try place.fetch()
        #expect(place.isRight)
        #expect(place.hub.fileRequests.map { $0.headers["range"] } == [nil, "bytes=60000-", nil])
    }

    @Test func wrongBytesAreRefused() throws {
        let place = try HubPlace(faults: [.otherBytes, .otherBytes, .otherBytes])
        guard case .wrongHash(file: "model.safetensors", let expected, _)? = place.failure() else {
            Issue.record("accepted")
            return
        }
        #expect(expected == SHA256Digest.hex(of: HubPlace.weights) && place.hasNothing)
        #expect(
            !FileManager.default.fileExists(atPath: place.cache + "/.owner--name.partial/files/model.safetensors.part"))
    }

    @Test func moreBytesThanTheFileHas() throws {
        let place = try HubPlace(faults: [.longer(1)])
        guard case .wrongSize(file: "model.safetensors", expected: 300_000, _)? = place.failure() else {
            Issue.record("accepted")
            return
        }
        #expect(place.hasNothing)
    }

    @Test func faultsThatLastAreNamed() throws {
        let broken = try HubPlace(faults: .init(repeating: .status(500, []), count: 9))
        guard case .status(let url, 500)? = broken.failure() else {
            Issue.record("no status")
            return
        }
        #expect(url == "model.safetensors" && broken.hasNothing)
        let busy = try HubPlace(faults: .init(repeating: .status(429, [("Retry-After", "0")]), count: 9))
        #expect(busy.failure() == .tooManyRequests(url: "model.safetensors", seconds: 0))
        let slow = try HubPlace(faults: [.status(429, [("Retry-After", "86400")])])
        #expect(slow.failure() == .tooManyRequests(url: "model.safetensors", seconds: 86_400))
    }

    /// A damaged file is fetched again, the others are kept.
    @Test func aDamagedModelIsRepaired() throws {
        let place = try HubPlace()
        try place.fetch()
        var bytes = HubPlace.weights
        bytes[77] ^= 1
        try Data(bytes).write(to: URL(fileURLWithPath: place.final + "/model.safetensors"))
        #expect(try place.fetch().origin == .fetched)
        #expect(place.isRight && place.hub.fileRequests.count == 2)
        try FileManager.default.removeItem(atPath: place.final + "/config.json")
        try place.fetch()
        #expect(place.isRight && place.hub.fileRequests.count == 2)
    }

    @Test func oneProcessAtATime() throws {
        let place = try HubPlace()
        try FileManager.default.createDirectory(
            atPath: place.cache + "/.owner--name.partial", withIntermediateDirectories: true)
        let lock = try RunLock(directory: place.cache + "/.owner--name.partial")
        defer { lock.release() }
        guard case .busy? = place.failure() else {
            Issue.record("two at a time")
            return
        }
    }

    @Test func anotherFolder() throws {
        let place = try HubPlace()
        let output = place.folder.path + "/mine"
        #expect(try place.fetch(output: output).path == output)
        #expect(place.hasNothing)
        #expect(try place.fetch(output: output).origin == .alreadyThere)
        try place.folder.write("mine", as: "file")
        #expect(throws: FetchError.inTheWay(path: place.folder.path)) { try place.fetch(output: place.folder.path) }
    }
}
