// `luthier chat`: a conversation in the terminal.

import Arguments
import Conversations
import Foundation
import Inference
import Models

struct ChatCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chat", abstract: "Chat with a model, using the template stored in its checkpoint.",
        discussion: "/reset clears the conversation, /system TEXT sets the system message, /quit or Ctrl-D exits. "
            + "Empty lines are ignored.",
        examples: ["luthier chat --checkpoint weather-1"])

    @OptionGroup var model: CheckpointOptions
    @Option(help: "System message.")
    var system: String?
    @OptionGroup var options: GenerationOptions
    @OptionGroup var documents: IndexOptions

    mutating func run() throws {
        let saved = try model.open().load(copying: options.precision)
        let responder = Responder(saved, format: options.precision)
        guard responder.template != nil else {
            throw ValidationError(
                "this model was trained on plain text and has no chat template",
                hint: "use `luthier generate --prompt …` to continue a text")
        }
        let settings = options.settings(responder)
        let grounding = try documents.open(for: responder)
        var messages = system.map { [Message(.system, $0)] } ?? []
        let isPerson = isatty(STDIN_FILENO) == 1
        if isPerson {
            Console.message(
                "/quit or Ctrl-D exits, /reset clears the conversation, /system TEXT sets the system message")
        }
        while let line = prompt(isPerson) {
            let text = line.trimmingCharacters(in: .whitespaces)
            switch text.prefix(while: { $0 != " " }) {
            case "": continue
            case "/quit": return
            case "/reset":
                messages.removeAll { $0.role != .system }
                Console.message("the conversation was cleared")
            case "/system":
                messages = [Message(.system, String(text.dropFirst("/system ".count)))]
                Console.message("new conversation with this system message")
            default:
                messages.append(Message(.user, text))
                let (kept, dropped) = try responder.fitting(messages, room: settings.maximumTokens)
                if dropped > 0 {
                    Console.message("note: the context is full; the oldest \(dropped) messages were dropped")
                    messages = kept
                }
                // The passages are of this question alone: the conversation continues without them.
                let grounded = try grounding?.ground(messages, for: responder, settings)
                if isPerson { Console.output("bot> ") }
                let answer: Completion
                if grounded?.sources.isEmpty == true {
                    answer = .notFound
                    Console.output(answer.text)
                } else {
                    answer = try responder.answer(grounded?.messages ?? messages, settings) { Console.drawn($0) }
                }
                Console.output("\n")
                grounded?.sources.show()
                messages.append(Message(.assistant, answer.text))
            }
        }
        if isPerson { Console.output("\n") }
    }

    private func prompt(_ isPerson: Bool) -> String? {
        if isPerson { Console.output("you> ") }
        return readLine()
    }
}
