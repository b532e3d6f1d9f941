// Locks, hashes and small files.

import Checkpoint
import Files
import Foundation
import Testing

@Suite struct RunLockTests {
    @Test func oneHolderAtATime() throws {
        try withFolder { folder in
            let first = try RunLock(directory: folder)
            let error = try #require(throws: RunLockError.self) { try RunLock(directory: folder) }
            guard case .held(folder, let owner) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(owner.hasPrefix("process \(getpid()) on "))
            first.release()
            first.release()
            try RunLock(directory: folder).release()
        }
    }

    @Test func anotherProcessIsRefusedAndAKilledOneForgotten() async throws {
        let folder = NSTemporaryDirectory() + "run-lock-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let lock = try RunLock(directory: folder)
        await #expect(processExitsWith: .exitCode(7)) { [folder = folder as String] in
            do {
                _ = try RunLock(directory: folder)
            } catch RunLockError.held(folder, _) {
                exit(7)
            }
        }
        lock.release()
        await #expect(processExitsWith: .signal(SIGKILL)) { [folder = folder as String] in
            let lock = try RunLock(directory: folder)
            kill(getpid(), SIGKILL)
            lock.release()
        }
        try RunLock(directory: folder).release()
    }

    @Test func aMissingFolderIsNamed() {
        #expect(throws: RunLockError.file(FileError(.open, "/nowhere/at/all", code: ENOENT))) {
            try RunLock(directory: "/nowhere/at/all")
        }
    }

    @Test func aDeletedLockFileLetsNobodyIn() throws {
        try withFolder { folder in
            let lock = try RunLock(directory: folder)
            try FileManager.default.removeItem(atPath: folder + "/run.lock")
            #expect(throws: RunLockError.held(directory: folder, owner: "another process")) {
                try RunLock(directory: folder)
            }
            lock.release()
            try RunLock(directory: folder).release()
        }
    }

    @Test func aLinkIsNotFollowed() throws {
        try withFolder { folder in
            try put(Array("precious".utf8), at: "\(folder)/other")
            try FileManager.default.createSymbolicLink(
                atPath: folder + "/run.lock", withDestinationPath: folder + "/other")
            #expect(throws: RunLockError.file(FileError(.create, "\(folder)/run.lock", code: ELOOP))) {
                try RunLock(directory: folder)
            }
            #expect(FileManager.default.contents(atPath: folder + "/other") == Data("precious".utf8))
        }
    }

    @Test func whatTheOwnerWroteCannotDisturbATerminal() throws {
        try withFolder { folder in
            let lock = try RunLock(directory: folder)
            try put(Array("evil\u{1b}[2J\nsecond".utf8), at: "\(folder)/run.lock")
            #expect(throws: RunLockError.held(directory: folder, owner: "evil")) { try RunLock(directory: folder) }
            lock.release()
        }
    }
}

@Suite struct SHA256Tests {
    /// FIPS 180-4's examples.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func publishedExamples(_ text: String, _ expected: String) throws {
        #expect(SHA256Digest.hex(of: Array(text.utf8)) == expected)
        try withFolder { folder in
            try put(Array(text.utf8), at: "\(folder)/a")
            #expect(try SHA256Digest.hex(ofFile: "\(folder)/a") == expected)
        }
    }

    @Test func aFileOfSeveralPiecesHashesAsItsBytes() throws {
        try withFolder { folder in
            let million = [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000)
            #expect(SHA256Digest.hex(of: million) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
            let long = million + million + million
            try put(long, at: "\(folder)/a")
            #expect(try SHA256Digest.hex(ofFile: "\(folder)/a") == SHA256Digest.hex(of: long))
            #expect(throws: FileError(.open, "\(folder)/b", code: ENOENT)) {
                try SHA256Digest.hex(ofFile: "\(folder)/b")
            }
        }
    }
}

@Suite struct AtomicFileTests {
    @Test func replacesAndLeavesNothingElse() throws {
        try withFolder { folder in
            let path = "\(folder)/latest"
            try AtomicFile.write("step-000001.h5\n", to: path)
            try AtomicFile.write("step-000002.h5\n", to: path)
            #expect(try bytes(of: path) == Array("step-000002.h5\n".utf8))
            try AtomicFile.write("", to: path)
            #expect(try bytes(of: path).isEmpty)
            #expect(try names(in: folder) == ["latest"])
        }
    }

    @Test func aBareNameIsInTheCurrentFolder() throws {
        let name = "atomic-file-\(UUID().uuidString)"
        try AtomicFile.write("x", to: name)
        #expect(try bytes(of: name) == [0x78])
        try FileManager.default.removeItem(atPath: name)
    }
}
