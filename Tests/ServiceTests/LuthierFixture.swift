// What tests of the page's endpoints share: questions that are answered in this process, uploads, and jobs with files.

import Foundation
import HTTPServer
import Service
import StrictJSON
import Synchronization
import Testing

/// A look at data that has ended when it is started.
struct LookHere: JobRunning {
    init(_ folder: String) throws { try LookProcess.run(folder) }

    func end() -> JobEnd? { .exited(0) }
    func stop(force: Bool) {}
}

/// A process that runs until it is killed.
final class EndlessLook: JobRunning {
    private let killed = Mutex(false)
    var isKilled: Bool { killed.withLock { $0 } }

    func end() -> JobEnd? { isKilled ? .killed(signal: SIGKILL) : nil }
    func stop(force: Bool) { if force { killed.withLock { $0 = true } } }
}

extension AnswersFixture {
    /// Uploads a file and gives its id.
    func upload(_ text: String, name: String = "data.jsonl", purpose: String = "fine-tune") throws -> String {
        try upload(Array(text.utf8), name: name, purpose: purpose)
    }

    func upload(_ bytes: [UInt8], name: String, purpose: String) throws -> String {
        try FileManager.default.createDirectory(
            atPath: service.settings.filesFolder, withIntermediateDirectories: true)
        let head =
            "--x\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\n\(purpose)\r\n"
            + "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\(name)\"\r\n\r\n"
        let response = handler.respond(
            HTTPRequest(
                method: "POST", target: "/v1/files", headers: [("Content-Type", "multipart/form-data; boundary=x")],
                body: Array(head.utf8) + bytes + Array("\r\n--x--\r\n".utf8)))
        let json = try JSONText.parse(response.body.collected ?? [])
        return try #require(json["id"]?.string, "\(json.text)")
    }

    func get(_ target: String) throws -> (status: Int, json: JSONNode) {
        let response = send("GET", target)
        return (response.status, try JSONText.parse(response.body.collected ?? []))
    }

    /// The text of a file that the service has.
    func content(_ id: String) -> String {
        (try? String(contentsOfFile: service.settings.path(ofFile: id), encoding: .utf8)) ?? ""
    }

    /// A job that nothing works on.
    func job(_ members: String = "", rows: String = LuthierRows.chats(12), validation: String? = nil) throws -> String {
        let file = try upload(rows)
        let other = try validation.map { ", \"validation_file\": \"\(try upload($0))\"" } ?? ""
        let job = try post(
            "/v1/fine_tuning/jobs", "{\"model\": \"chatty\", \"training_file\": \"\(file)\"\(other)\(members)}")
        return try #require(job.json["id"]?.string, "\(job.json.text)")
    }

    func write(_ text: String, _ name: String, run job: String) throws {
        try FileManager.default.createDirectory(
            atPath: service.settings.path(ofRun: job), withIntermediateDirectories: true)
        try text.write(toFile: service.settings.path(ofRun: job) + "/" + name, atomically: true, encoding: .utf8)
    }
}

/// Rows of data.
enum LuthierRows {
    /// `{"messages": …}`, each another question.
    static func chats(_ count: Int) -> String {
        (1...count).map { number in
            """
            {"messages": [{"role": "user", "content": "Question \(number)?"}, {"role": "assistant", "content": "Answer \(number)."}]}

            """
        }.joined()
    }

    static func prompts(_ count: Int) -> String {
        (1...count).map { "{\"prompt\": \"Question \($0) ->\", \"completion\": \" Answer \($0)\\n\"}\n" }.joined()
    }
}
