// Asks an index questions whose passages are known: what is found, how near it is, and how long a search takes.

import Arguments
import Datasets
import Kernels
import Models
import Retrieval
import SentenceEncoder
import StrictJSON

struct RetrievalBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retrieval",
        abstract: "Search an index of documents: recall of known passages, and milliseconds of a search.",
        discussion:
            "A row of the questions is {\"question\", \"document\", \"has\"}: the passage is in a document whose path "
            + "ends so, and its passage has this text. A question without \"document\" is about something else. The time of a search "
            + "is without that of the question's vector.")
    @OptionGroup var machine: MachineOptions
    @Argument(help: "Folder of the index, made by `luthier index`.") var index: String
    @Argument(help: "JSONL file of questions.") var questions: String
    @Option(help: "How often each question is asked.") var rounds = 5
    @Flag(help: "Print only the JSON line.") var json = false

    private struct Question {
        let text: String
        let document: String?
        let has: String

        init(_ line: Substring) throws {
            let object = try JSONText.parse(Array(line.utf8)).object
            guard let text = object?["question"]?.string else {
                throw ValidationError("a row of the questions has no \"question\"")
            }
            (self.text, document, has) = (text, object?["document"]?.string, object?["has"]?.string ?? "")
        }

        func isAnswered(by found: FoundPassage) -> Bool {
            guard let document else { return false }
            return found.path.hasSuffix(document) && found.passage.searched.contains(has)
        }
    }

    mutating func run() throws {
        try machine.prepare()
        let index = try DocumentIndex(folder: index) { try ModelLocation($0).path }
        let text = try TextFile(path: questions).bytes
        let questions = try String(decoding: text, as: UTF8.self).split(separator: "\n").map(Question.init)
        let vectors = index.encoder.vectors(of: questions.map { Array($0.text.utf8) })
        var members: [(key: String, value: JSONOutput)] = [("passages", .integer(try index.passageCount))]
        // 1. What is found, and how long it takes.
        for way in SearchWay.allCases {
            var (seconds, first, five): ([Double], Int, Int) = ([], 0, 0)
            for round in 0..<max(1, rounds) {
                for (question, vector) in zip(questions, vectors) {
                    let start = monotonicSeconds()
                    let found = try index.search(question.text, vector: vector, count: 5, way: way)
                    seconds.append(monotonicSeconds() - start)
                    guard round == 0, let place = found.firstIndex(where: question.isAnswered) else { continue }
                    first += place == 0 ? 1 : 0
                    five += 1
                }
            }
            let asked = questions.count { $0.document != nil }
            seconds.sort()
            let (half, most) = (1e3 * seconds[seconds.count / 2], 1e3 * seconds[seconds.count * 95 / 100])
            if !json {
                let name = (way.rawValue + ":").padded(to: 9)
                print(
                    "\(name) \(first) of \(asked) first, \(five) among five; \(Report.column(half, width: 1)) ms, "
                        + "95 %: \(Report.column(most, width: 1)) ms")
            }
            members.append(
                (
                    way.rawValue,
                    .object([
                        ("asked", .integer(asked)), ("first", .integer(first)), ("amongFive", .integer(five)),
                        ("milliseconds", .number(half)), ("milliseconds95", .number(most)),
                    ])
                ))
        }
        // 2. How near the nearest of three is, for questions that the documents answer and for the others.
        var nearest: (known: [Float], unknown: [Float]) = ([], [])
        for (question, vector) in zip(questions, vectors) {
            let best = try index.search(question.text, vector: vector, count: 3).map(\.similarity).max() ?? -1
            if question.document == nil { nearest.unknown.append(best) } else { nearest.known.append(best) }
        }
        for bound in stride(from: Float(0.15), through: 0.501, by: 0.05) where !json && !nearest.unknown.isEmpty {
            let (kept, declined) = (nearest.known.count { $0 >= bound }, nearest.unknown.count { $0 < bound })
            print(
                "nearness \((bound * 100).rounded() / 100): \(kept) of \(nearest.known.count) answered, "
                    + "\(declined) of \(nearest.unknown.count) others declined")
        }
        members.append(("nearestKnown", .array(nearest.known.sorted().map { .number(Double($0)) })))
        members.append(("nearestUnknown", .array(nearest.unknown.sorted().map { .number(Double($0)) })))
        Report.json("retrieval", members)
    }
}

extension String {
    fileprivate func padded(to count: Int) -> String {
        self + String(repeating: " ", count: max(0, count - self.count))
    }
}
