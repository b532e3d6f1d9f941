// Processes that this one starts: their streams, their end, their limits, and what they answer.

import Files
import Foundation
import Processes
import Testing

@Suite struct ChildProcessTests {
    private static let environment = ["PATH": "/usr/bin:/bin", "WORD": "from the parent"]

    /// What a line of shell answers within a time.
    private static func asked(
        _ line: String, input: String = "/dev/null", seconds: Double = 20
    ) throws -> ProcessAnswer {
        let file = try FileDescriptor.open(input, O_RDONLY)
        defer { file.close() }
        return try ProcessAnswer(
            of: "/bin/sh", ["-c", line], environment: environment, input: file.number, seconds: seconds)
    }

    @Test func theEndIsTold() throws {
        let setup = { ProcessSetup("/bin/sh", ["-c", $0], output: .file("/dev/null", appends: true)) }
        #expect(try ChildProcess(setup("exit 7")).wait(pause: 1000) == .exited(7))
        #expect(try ChildProcess(setup("kill -SEGV $$")).wait(pause: 1000) == .killed(signal: SIGSEGV))
        let sleeping = try ChildProcess(setup("exec sleep 100"))
        #expect(sleeping.end() == nil)
        #expect(sleeping.killAndWait() == .killed(signal: SIGKILL))
        // Its number may be another process's by now.
        sleeping.send(SIGKILL)
        #expect(sleeping.end() == .killed(signal: SIGKILL))
        #expect([ChildProcess.End.exited(7), .killed(signal: 9), .gone].map(\.code) == [7, 137, 127])
    }

    @Test func aProgramThatIsNotThereIsAnError() {
        #expect(throws: FileError(.start, "/nowhere/program", code: ENOENT)) {
            try ChildProcess(ProcessSetup("/nowhere/program", [], output: .file("/dev/null", appends: true)))
        }
    }

    @Test func outputGoesIntoAFile() throws {
        let path = NSTemporaryDirectory() + "luthier-child-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: path) }
        func write(_ line: String, appends: Bool) throws -> String {
            let setup = ProcessSetup(
                "/bin/sh", ["-c", line], environment: ["PATH": "/bin"],
                output: .file(path, appends: appends, mode: 0o600))
            #expect(try ChildProcess(setup).wait(pause: 1000) == .exited(0))
            return try String(contentsOfFile: path, encoding: .utf8)
        }
        #expect(try write("echo one; echo two >&2", appends: false) == "one\ntwo\n")
        #expect(try write("cat; echo three", appends: true) == "one\ntwo\nthree\n")
        #expect(try write("echo four", appends: false) == "four\n")
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test func theAnswerIsTaken() throws {
        let path = NSTemporaryDirectory() + "luthier-asked-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: path) }
        try "of the file".write(toFile: path, atomically: false, encoding: .utf8)
        let answer = try Self.asked("cat; echo \", $WORD\"; echo lost >&2; exit 3", input: path)
        #expect(String(decoding: answer.output, as: UTF8.self) == "of the file, from the parent\n")
        #expect(answer.end == .exited(3))
        let crashed = try Self.asked("echo half an answer; kill -ABRT $$")
        #expect(crashed.end == .killed(signal: SIGABRT) && crashed.output.count == 15)
    }

    /// A child that writes for ever, says nothing, or closes stdout and continues, ends with its time.
    @Test(.timeLimit(.minutes(1)), arguments: ["exec yes", "exec sleep 100", "exec sleep 100 >&-"])
    func theTimeIsLimited(_ line: String) throws {
        let answer = try Self.asked(line, seconds: 0.3)
        #expect(answer.end == nil)
        #expect(answer.output.count == (line.contains("yes") ? ProcessAnswer.mostBytes : 0))
    }

    #if os(Linux)
        /// A process that is asked has its answer's stream, and no other one that this process has. In a separate process,
        /// because other tests open streams too.
        @Test func streamsAreNotInherited() async {
            await #expect(processExitsWith: .exitCode(0)) {
                let count = "ls -l /proc/$$/fd | grep -c socket:"
                let path = NSTemporaryDirectory() + "luthier-streams-" + UUID().uuidString
                let setup = ProcessSetup("/bin/sh", ["-c", count], output: .file(path, appends: false))
                _ = try ChildProcess(setup).wait(pause: 1000)
                let inherited = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").first
                try FileManager.default.removeItem(atPath: path)
                let asked = String(decoding: try ChildProcessTests.asked(count).output, as: UTF8.self)
                let numbers = [inherited, asked.split(separator: "\n").first].map { $0.flatMap { Int($0) } }
                guard let before = numbers[0], let now = numbers[1] else { exit(2) }
                exit(now == before + 1 ? 0 : 1)
            }
        }
    #endif

    @Test func theProcessorsTimeIsLimited() async {
        await #expect(processExitsWith: .signal(SIGXCPU)) {
            try ProcessLimits(addressBytes: 1 << 30, processorSeconds: 1).apply()
            while true {}
        }
    }

    @Test func addressesAndFilesAreLimited() async {
        await #expect(processExitsWith: .exitCode(0)) {
            let path = NSTemporaryDirectory() + "luthier-limited-" + UUID().uuidString
            signal(SIGXFSZ, SIG_IGN)
            try ProcessLimits(addressBytes: 64 << 20, processorSeconds: 100).apply()
            let small = mmap(nil, 1 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
            let large = mmap(nil, 128 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
            let file = open(path, O_WRONLY | O_CREAT, 0o600)
            let written = write(file, path, 1)
            unlink(path)
            let areAsExpected = small != MAP_FAILED && large == MAP_FAILED && file >= 0 && written < 0
            exit(areAsExpected ? 0 : 1)
        }
    }
}
