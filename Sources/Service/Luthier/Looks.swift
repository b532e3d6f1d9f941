// Starts the processes that look at data, and ends those that nobody waits for any more.

import Files
import Foundation
import StrictJSON
import Synchronization

/// At most two at once, so that what is answered and trained meanwhile goes on.
final class Looks: Sendable {
    private let folder: String
    private let launch: @Sendable (String) throws -> any JobRunning
    private let running = Mutex(0)

    private static let most = 2
    /// Seconds that a question waits for its turn.
    private static let turnSeconds = 60.0
    private static let mostAnswerBytes = 32 << 20
    private static let pause: UInt32 = 5_000

    init(_ settings: ServiceSettings, _ launcher: JobLauncher) {
        folder = settings.dataFolder + "/looks"
        launch = launcher.look
    }

    /// Removes what questions of an earlier service have left.
    func removeLeftovers() { try? FileManager.default.removeItem(atPath: folder) }

    /// Asks a process and waits for its answer.
    ///
    /// - Parameters:
    ///   - seconds: after which the process is ended.
    ///   - isWanted: whether the client still waits.
    ///   - make: the question, for a folder that is removed at the end.
    ///   - use: what to do with the answer, while the folder is there.
    func ask<Result>(
        seconds: Double, while isWanted: () -> Bool, _ make: (_ folder: String) throws -> any Look,
        _ use: (_ answer: JSONObject, _ folder: String) throws -> Result
    ) throws -> Result {
        try takeTurn(isWanted)
        defer { running.withLock { $0 -= 1 } }
        let place = folder + "/" + Identifier.random(Identifier.length)
        try FileManager.default.createDirectory(
            atPath: place, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        defer { try? FileManager.default.removeItem(atPath: place) }
        let look = try make(place)
        var members: [(key: String, value: JSONOutput)] = [("kind", .string(type(of: look).kind))]
        if case .object(let own) = look.json { members += own }
        try AtomicFile.write(JSONOutput.object(members).serialized(), to: place + "/" + LookProcess.request)
        try wait(for: try launch(place), seconds, isWanted)
        return try use(try Looks.answer(in: place), place)
    }

    /// The same where the answer is all.
    func ask(
        seconds: Double, while isWanted: () -> Bool, _ make: (_ folder: String) throws -> any Look
    ) throws -> JSONOutput {
        try ask(seconds: seconds, while: isWanted, make) { answer, _ in Looks.output(answer) }
    }

    static func output(_ object: JSONObject) -> JSONOutput {
        .object(object.members.map { ($0.key, JSONOutput($0.value)) })
    }

    private func takeTurn(_ isWanted: () -> Bool) throws {
        let end = Date(timeIntervalSinceNow: Looks.turnSeconds)
        while true {
            let isMine = running.withLock { count in
                if count < Looks.most { count += 1 } else { return false }
                return true
            }
            if isMine { return }
            guard isWanted() else { throw Looks.left }
            guard Date() < end else {
                throw APIError(
                    429, "Other data is being looked at; try again later.", type: "rate_limit_error",
                    code: "rate_limit_exceeded", retryAfter: 5)
            }
            usleep(Looks.pause)
        }
    }

    private func wait(for process: any JobRunning, _ seconds: Double, _ isWanted: () -> Bool) throws {
        let end = Date(timeIntervalSinceNow: seconds)
        var reason: APIError?
        while true {
            if let end = process.end() {
                if let reason { throw reason }
                guard end == .exited(0) else {
                    throw APIError.invalid(
                        "The process that reads the data ended without an answer (\(end)): the data may need more "
                            + "memory than there is.", param: nil, code: "look_failed")
                }
                return
            }
            if reason == nil, !isWanted() { reason = Looks.left }
            if reason == nil, Date() >= end {
                reason = .invalid(
                    "The data could not be read in \(Int(seconds)) seconds.", param: nil, code: "look_timeout")
            }
            // A killed process is waited for, so that no zombie stays.
            if reason != nil { process.stop(force: true) }
            usleep(Looks.pause)
        }
    }

    private static let left = APIError(499, "The client has left.")

    private static func answer(in place: String) throws -> JSONObject {
        let path = place + "/" + LookProcess.answer
        let size = (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int ?? 0
        guard size <= mostAnswerBytes else {
            throw APIError.invalid("What is to be said of the data is too long.", param: nil, code: "look_too_long")
        }
        guard let data = FileManager.default.contents(atPath: path),
            let object = try JSONText.parse([UInt8](data)).object
        else { throw APIError.internalError() }
        if let answer = object["answer"]?.object { return answer }
        throw APIError(
            object["status"]?.integer ?? 500, object["message"]?.string ?? "",
            type: object["type"]?.string ?? "server_error", param: object["param"]?.string,
            code: object["code"]?.string)
    }
}
