// The process that looks at other people's checkpoints first: what its answers and its end mean, and for which files it is.

import Checkpoint
import Files
import Foundation
import Models
import Testing

@Suite struct ListingProcessTests {
    /// What a process with this line of shell for a program says of a file.
    private static func error(_ line: String, seconds: Int = 30) throws -> CheckpointError? {
        let file = try FileDescriptor.open("/dev/null", O_RDONLY)
        defer { file.close() }
        var process = ListingProcess(program: "/bin/sh", arguments: ["-c", line, "sh"])
        process.seconds = seconds
        do throws(CheckpointError) {
            try process.look(at: FileDescriptor(number: file.number, path: "other.h5"))
            return nil
        } catch {
            return error
        }
    }

    @Test func onlyTheRightAnswerOpensTheGate() throws {
        #expect(try Self.error(#"echo '{"sound": 12}'"#) == nil)
        for line in ["true", "echo sound", "echo '{}'", #"echo '{"sound": "12"}'"#, #"echo '{"sound": 12} x'"#] {
            #expect(try Self.error(line) == .notLookedAt(path: "other.h5", .noAnswer(code: 0)), "\(line)")
        }
        let late = try Self.error(#"echo '{"sound": 12}'; exit 7"#)
        #expect(late == .notLookedAt(path: "other.h5", .noAnswer(code: 7)))
    }

    @Test func aRefusalIsPassedOn() throws {
        // The file's name is its first argument.
        let refusal = try Self.error(#"echo "{\"refusal\": \"$1: is bad\", \"hint\": \"copy it\"}""#)
        #expect(refusal == .refused(message: "other.h5: is bad", hint: "copy it"))
        #expect(refusal?.hint == "copy it" && refusal?.description == "other.h5: is bad")
        #expect(try Self.error(#"echo '{"refusal": "bad", "hint": null}'"#)?.hint == nil)
    }

    @Test func aCrashIsARefusal() throws {
        for (name, number) in [("SEGV", SIGSEGV), ("ABRT", SIGABRT), ("FPE", SIGFPE), ("BUS", SIGBUS)] {
            let error = try #require(try Self.error(#"echo '{"sound": 12}'; kill -\#(name) $$"#))
            #expect(error == .notLookedAt(path: "other.h5", .killed(signal: number)))
            #expect(error.description.contains("other.h5"))
            #expect(error.description.contains("crashed in HDF5 (SIG\(name))"))
            #expect(error.hint?.contains("harm") == true)
        }
        let used = try #require(try Self.error("kill -XCPU $$"))
        #expect(used.description.contains("used up its processor time (SIGXCPU)"))
        #expect(try Self.error("kill -KILL $$")?.description.contains("was killed (SIGKILL)") == true)
    }

    @Test(.timeLimit(.minutes(1))) func theTimeIsLimited() throws {
        let error = try #require(try Self.error("exec sleep 100", seconds: 1))
        #expect(error == .notLookedAt(path: "other.h5", .tooSlow(seconds: 1)))
        #expect(error.description.contains("was not done after 1 seconds"))
    }

    @Test func withoutTheProcessNothingIsOpened() {
        let process = ListingProcess(program: "/nowhere/luthier")
        let reason = FileError(.start, "/nowhere/luthier", code: ENOENT)
        #expect(throws: CheckpointError.notLookedAt(path: "a.h5", .notStarted(reason))) {
            try process.look(at: FileDescriptor(number: STDIN_FILENO, path: "a.h5"))
        }
    }

    /// Own files are those in a run's folder that nobody else can write.
    @Test func ownFilesAreKnown() throws {
        let place = NSTemporaryDirectory() + "luthier-own-" + UUID().uuidString
        let files = FileManager.default
        for name in ["checkpoints/run", "run"] {
            try files.createDirectory(atPath: place + "/" + name, withIntermediateDirectories: true)
        }
        defer { try? files.removeItem(atPath: place) }
        let path = place + "/checkpoints/run/step-000001.h5"
        func put(_ names: String...) throws {
            for name in names { try Data("x".utf8).write(to: URL(fileURLWithPath: place + "/" + name)) }
        }
        func isOwn(_ path: String) throws -> Bool {
            let file = try FileDescriptor.open(path, O_RDONLY)
            defer { file.close() }
            return OwnRun.contains(file, project: place + "/checkpoints")
        }
        try put("checkpoints/run/step-000001.h5", "run/step-000001.h5", "run/config.json", "run/origins.json")
        #expect(try isOwn(path))
        #expect(try !isOwn(place + "/run/step-000001.h5"), "a run that came from elsewhere")
        // A link elsewhere is what it leads to, on either side.
        try put("other.h5")
        #expect(try !isOwn(place + "/other.h5"))
        symlink(place + "/other.h5", place + "/checkpoints/run/step-000002.h5")
        symlink(path, place + "/link.h5")
        #expect(try !isOwn(place + "/checkpoints/run/step-000002.h5"))
        #expect(try isOwn(place + "/link.h5"))
        // A file that has lost its name to another one.
        let file = try FileDescriptor.open(path, O_RDONLY)
        defer { file.close() }
        try files.removeItem(atPath: path)
        try put("checkpoints/run/step-000001.h5")
        #expect(!OwnRun.contains(file, project: place + "/checkpoints"))
        for changed in [path, place + "/checkpoints/run"] {
            let mode = changed.hasSuffix("run") ? 0o755 : 0o644
            #expect(chmod(changed, mode_t(mode | 0o002)) == 0)
            #expect(try !isOwn(path), "\(changed) can be written by everybody")
            #expect(chmod(changed, mode_t(mode)) == 0)
            #expect(try isOwn(path))
        }
    }
}
