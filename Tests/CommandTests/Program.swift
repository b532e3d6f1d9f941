// Runs the program as a user does: in its own process and folder, with streams and exit code.

import Foundation
import StrictJSON
import TestSupport

/// The result of a finished process.
struct Outcome {
    let code: Int32
    let output: String
    let errors: String

    /// The last line of stdout as JSON.
    func json() throws -> JSONObject {
        let line = output.split(separator: "\n").last.map(String.init) ?? ""
        guard let object = try JSONText.parse(line).object else { throw Failure("no JSON object: \(line)") }
        return object
    }
}

struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// A folder for one test, removed with it.
final class Workplace {
    let path: String

    init() throws {
        _ = QuietMachine.kernel
        path = NSTemporaryDirectory() + "luthier-test-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { path + "/" + name }

    /// Writes a file into the folder.
    func write(_ text: String, to name: String) throws { try write(Data(text.utf8), to: name) }

    func write(_ data: Data, to name: String) throws {
        let url = URL(fileURLWithPath: file(name))
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try data.write(to: url)
    }

    func read(_ name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: file(name))) }

    func names(in folder: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: file(folder))) ?? []).sorted()
    }

    /// Runs `luthier` here and waits for it.
    ///
    /// - Parameter environment: variables that differ from those of the tests.
    func luthier(
        _ arguments: String..., input: String = "", environment: [String: String] = [:]
    ) throws -> Outcome {
        let process = try Running(arguments, in: path, input: input, environment: environment)
        return process.wait()
    }

    /// Starts `luthier` here.
    func start(_ arguments: String...) throws -> Running { try Running(arguments, in: path, input: "") }
}

/// A running process.
final class Running {
    let process = Process()
    private let output: URL
    private let errors: URL

    /// The program next to the test runner, in any build folder.
    static let executable = URL(fileURLWithPath: CommandLine.arguments[0]).standardizedFileURL
        .deletingLastPathComponent().appendingPathComponent("luthier")

    init(
        _ arguments: [String], in folder: String, input: String, environment: [String: String] = [:]
    ) throws {
        let base = URL(fileURLWithPath: NSTemporaryDirectory() + "luthier-stream-" + UUID().uuidString)
        output = base.appendingPathExtension("out")
        errors = base.appendingPathExtension("err")
        for url in [output, errors] { try Data().write(to: url) }
        let inputFile = base.appendingPathExtension("in")
        try Data(input.utf8).write(to: inputFile)
        process.executableURL = Running.executable
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.standardInput = try FileHandle(forReadingFrom: inputFile)
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: errors)
        try process.run()
        try FileManager.default.removeItem(at: inputFile)
    }

    deinit {
        for url in [output, errors] { try? FileManager.default.removeItem(at: url) }
    }

    var isRunning: Bool { process.isRunning }

    func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

    /// The text on stderr so far.
    var errorsSoFar: String { (try? String(contentsOf: errors, encoding: .utf8)) ?? "" }

    /// Waits until `condition` holds or the process ends; false if it ended first.
    func wait(until condition: () -> Bool) -> Bool {
        while process.isRunning {
            if condition() { return true }
            usleep(500)
        }
        return condition()
    }

    func wait() -> Outcome {
        process.waitUntilExit()
        let code = process.terminationStatus
        let text = (try? String(contentsOf: output, encoding: .utf8)) ?? ""
        return Outcome(code: code, output: text, errors: errorsSoFar)
    }
}

/// A text that a small model learns quickly: 120 short, different paragraphs.
enum SampleText {
    static let paragraphs: String =
        (0..<120).map { index in
            let place = ["Aston", "Birkdale", "Corby", "Dover", "Elgin"][index % 5]
            let sky = ["clear", "cloudy", "rainy", "foggy"][index % 4]
            return
                "In \(place) the sky is \(sky) and it is \(index % 30) degrees. Day \(index) brings wind from the west."
        }.joined(separator: "\n\n") + "\n"
}
