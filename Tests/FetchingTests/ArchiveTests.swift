// The reader of ZIP archives: what other programs write, every defect that has a name, and forty thousand mutations.

import Fetching
import Foundation
import TestSupport
import Testing

@Suite struct ArchiveTests {
    private static let text = Array(String(repeating: "a line of text, again and again\n", count: 500).utf8)
    private static let noise: [UInt8] = {
        var generator = SystemRandomNumberGenerator()
        return (0..<700_000).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }()

    private static let good = [
        TestMember(name: "folder/text.txt", content: text), TestMember(name: "empty", content: [], isDeflated: false),
        TestMember(name: "noise.bin", content: noise), TestMember(name: "stored", content: noise, isDeflated: false),
        TestMember(name: "long", content: text, isLong: true), TestMember(name: "nothing", content: []),
    ]

    private static func content(_ bytes: [UInt8], _ name: String) throws -> [UInt8] {
        try withTemporaryFolder { folder in
            let archive = try Archive(path: folder.write(bytes, as: "test.zip"))
            var content: [UInt8] = []
            try archive.extract(archive.member(name)) { (piece) throws(FetchError) in content += piece }
            return content
        }
    }

    private static func defect(_ bytes: [UInt8], _ name: String) throws -> ArchiveDefect? {
        do {
            _ = try content(bytes, name)
            return nil
        } catch ArchiveFailure.defect(let defect) {
            return defect
        }
    }

    @Test(arguments: [false, true]) func membersReadBack(isLong: Bool) throws {
        for comment in ["", "a comment with PK\u{5}\u{6} inside"] {
            let bytes = ArchiveWriter.archive(Self.good, isLong: isLong, comment: comment)
            for member in Self.good {
                #expect(try Self.content(bytes, member.name) == member.content, "\(member.name)")
            }
        }
    }

    @Test func defectsAreNamed() throws {
        func one(_ change: (inout TestMember) -> Void) throws -> ArchiveDefect? {
            var member = TestMember(name: "text", content: Self.text)
            change(&member)
            return try Self.defect(ArchiveWriter.archive([member]), "text")
        }
        #expect(try one { _ in } == nil)
        #expect(try one { $0.checksum = 7 } == .wrongChecksum("text"))
        #expect(
            try one { $0.byteCount = Self.text.count - 1 }
                == .wrongSize("text", expected: Self.text.count - 1, found: Self.text.count))
        #expect(
            try one { $0.byteCount = Self.text.count + 1 }
                == .wrongSize("text", expected: Self.text.count + 1, found: Self.text.count))
        #expect(try one { $0.flags = 1 } == .encrypted("text"))
        #expect(try one { $0.method = 12 } == .unknownMethod("text", 12))
        #expect(try one { $0.headerName = "test" } == .headersDiffer("text"))
        let twice = TestMember(name: "text", content: [1])
        #expect(try Self.defect(ArchiveWriter.archive([twice, twice]), "text") == .duplicateName("text"))
        #expect(try Self.defect(ArchiveWriter.archive([twice]), "other") == .noMember("other"))
        let stream = ArchiveWriter.deflated(Self.text)
        let tail = TestMember(
            name: "text", content: stream + [0], isDeflated: false, method: 8,
            checksum: ArchiveWriter.checksum(Self.text),
            byteCount: Self.text.count)
        #expect(
            try Self.defect(ArchiveWriter.archive([tail]), "text")
                == .brokenDeflate("text", reason: "bytes follow its end"))
    }

    /// A few kilobytes that decompress to far more than the directory says are stopped at once.
    @Test func aBombIsStopped() throws {
        let zeros = ArchiveWriter.deflated([UInt8](repeating: 0, count: 200_000_000))
        let bomb = TestMember(name: "bomb", content: zeros, isDeflated: false, method: 8, byteCount: 1000)
        guard
            case .wrongSize("bomb", expected: 1000, let found)? = try Self.defect(ArchiveWriter.archive([bomb]), "bomb")
        else {
            Issue.record("not stopped")
            return
        }
        #expect(found < 1 << 20)
    }

    @Test func everyCutIsADefect() throws {
        let bytes = ArchiveWriter.archive([TestMember(name: "text", content: Array("some text, some text".utf8))])
        for count in 0..<bytes.count {
            #expect(try Self.defect(Array(bytes[..<count]), "text") == .notAnArchive, "\(count)")
        }
        for count in 1..<40 {
            #expect(try Self.defect(Array(bytes[count...]), "text") != nil, "\(count)")
        }
    }

    /// No mutation traps, and what is read despite one is the content.
    @Test func mutationsAreSafe() throws {
        let members = [
            TestMember(name: "text", content: Array("some text, some text, some text".utf8)),
            TestMember(name: "long", content: [1, 2, 3], isLong: true),
        ]
        var generator = SplitMix(seed: 5)
        try withTemporaryFolder { folder in
            for isLong in [false, true] {
                let bytes = ArchiveWriter.archive(members, isLong: isLong)
                for _ in 0..<20_000 {
                    var mutated = bytes
                    for _ in 0..<(1 + Int(generator.next() % 3)) {
                        let place = Int(generator.next() % UInt64(mutated.count))
                        let interesting: [UInt8] = [
                            0, 1, 0x7F, 0x80, 0xFF, UInt8(truncatingIfNeeded: generator.next()),
                        ]
                        mutated[place] = interesting[Int(generator.next() % 6)]
                    }
                    if generator.next() % 8 == 0 { mutated.removeLast(Int(generator.next() % UInt64(mutated.count))) }
                    Self.use(try folder.write(mutated, as: "mutated.zip"))
                }
            }
        }
    }

    private static func use(_ path: String) {
        guard let archive = try? Archive(path: path) else { return }
        for member in archive.members {
            var content: [UInt8] = []
            let isRead = (try? archive.extract(member) { (piece) throws(FetchError) in content += piece }) != nil
            if isRead {
                #expect(ArchiveWriter.checksum(content) == member.checksum && content.count == member.byteCount)
            }
        }
    }
}

/// SplitMix64, so that a failure can be repeated.
struct SplitMix {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}
