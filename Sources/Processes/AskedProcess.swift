// Runs a program, and reads what it answers on stdout within a time.

import Files
import Foundation

/// What a program has answered.
package struct ProcessAnswer: Sendable, Equatable {
    /// nil where it was killed because its time was over.
    package let end: ChildProcess.End?
    /// What it wrote on stdout, of a long text the beginning.
    package let output: [UInt8]
}

extension ProcessAnswer {
    /// The most bytes that are kept of an answer.
    package static let mostBytes = 1 << 16

    /// Starts a program in its own session, waits for its end, and takes its answer.
    ///
    /// - Parameters:
    ///   - input: the descriptor that it has as stdin.
    ///   - seconds: after which it is killed.
    package init(
        of program: String, _ arguments: [String], environment: [String: String], input: Int32, seconds: Double
    ) throws(FileError) {
        let (near, far) = try ProcessAnswer.connection(for: program)
        defer { near.close() }
        var setup = ProcessSetup(program, arguments, environment: environment, output: .descriptor(far.number))
        setup.input = input
        setup.hasOwnSession = true
        let child: ChildProcess
        do throws(FileError) {
            child = try ChildProcess(setup)
        } catch {
            far.close()
            throw error
        }
        // Only the child holds the other side now, so its end ends the answer.
        far.close()
        let deadline = ContinuousClock.now + .seconds(seconds)
        output = ProcessAnswer.read(near, until: deadline)
        // It may close stdout long before it ends.
        while child.end() == nil, ContinuousClock.now < deadline { usleep(200) }
        let ended = child.end()
        if ended == nil { child.killAndWait() }
        end = ended
    }

    /// Two connected descriptors, which no process inherits that another thread starts meanwhile.
    private static func connection(for program: String) throws(FileError) -> (FileDescriptor, FileDescriptor) {
        var ends: [Int32] = [-1, -1]
        #if canImport(Glibc)
            let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
            guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw FileError(.start, program) }
        #else
            guard socketpair(AF_UNIX, SOCK_STREAM, 0, &ends) == 0 else { throw FileError(.start, program) }
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        #endif
        return (FileDescriptor(number: ends[0], path: program), FileDescriptor(number: ends[1], path: program))
    }

    /// What arrives until the other side is closed, or the time is over.
    private static func read(_ file: FileDescriptor, until deadline: ContinuousClock.Instant) -> [UInt8] {
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 12)
        while true {
            let left = (deadline - ContinuousClock.now) / .milliseconds(1)
            guard left > 0 else { return answer }
            var asked = pollfd(fd: file.number, events: Int16(POLLIN), revents: 0)
            guard poll(&asked, 1, Int32(left.rounded(.up))) > 0 else { continue }
            let count = retrying { Foundation.read(file.number, &buffer, buffer.count) }
            guard count > 0 else { return answer }
            answer += buffer.prefix(min(count, mostBytes - answer.count))
        }
    }
}
