// The documents that `generate`, `chat` and `serve` answer from.

import Arguments
import Conversations
import Inference
import Models
import Retrieval

struct IndexOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Answer from the documents of this index, and name the places.", valueName: "folder"))
    var index: String?
    @Option(help: "With --index: passages in a prompt, at most.")
    var passages = 3
    @Option(help: "With --index: the least similarity of the nearest passage, from 0 to 1; below it nothing is found.")
    var nearness = Double(IndexOptions.leastSimilarity)

    /// See docs/documents.md for how it was chosen.
    private static let leastSimilarity: Float = 0.25

    func validate() throws(ValidationError) {
        guard (1...100).contains(passages) else {
            throw ValidationError("--passages \(passages) must be between 1 and 100")
        }
        guard (-1...1).contains(nearness) else {
            throw ValidationError("--nearness \(nearness) must be between -1 and 1")
        }
    }

    /// nil without `--index`.
    func open(for responder: Responder) throws -> Grounding? {
        guard index == nil || responder.template != nil else {
            throw ValidationError("--index needs a model with a template", hint: "this model continues plain text")
        }
        return try open()
    }

    /// For several threads; nil without `--index`.
    func openShared() throws -> SharedGrounding? {
        guard let grounding = try open() else { return nil }
        return SharedGrounding(grounding)
    }

    /// nil without `--index`.
    func open() throws -> sending Grounding? {
        guard let index else { return nil }
        let opened = try DocumentIndex(folder: index) { name in try ModelLocation(name).path }
        return Grounding(index: opened, count: passages, leastSimilarity: Float(nearness))
    }
}

extension Grounding {
    /// Grounds a conversation for a model. Where passages leave no room for the turns before, the oldest turns go.
    func ground(
        _ messages: [Message], for responder: Responder, _ settings: GenerationSettings
    ) throws -> (messages: [Message], sources: [FoundPassage]) {
        let room = settings.maximumTokens
        let grounded = try ground(messages) { try responder.fits($0, room: room) }
        return (try responder.fitting(grounded.messages, room: room).messages, grounded.sources)
    }
}

extension Completion {
    /// The answer where nothing in the documents is near enough.
    static var notFound: Completion { Completion(text: Grounding.notFound, tokens: [], finishReason: .stop) }
}

extension FoundPassage {
    /// The place and how near it is, for a person.
    var line: String { "\(place)  (similarity \(ProgressPrinter.number(Double(similarity), digits: 2)))" }
}

extension [FoundPassage] {
    /// A line each, for a person.
    func show() { for (number, found) in enumerated() { Console.message("[\(number + 1)] \(found.line)") } }
}
