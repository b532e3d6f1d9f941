// The Modelfile that tells Ollama how to run an exported GGUF file: https://docs.ollama.com/modelfile.

import Conversations
import Foundation
import Inference
import Tokenizer

/// A model's template and settings for Ollama. Checked against its documentation and parser, not tried in it.
struct OllamaModelfile {
    /// The GGUF file's name; it is in the Modelfile's folder.
    let file: String
    let saved: SavedModel
    let settings: GenerationSettings
    let endIDs: [Int]

    /// The text of the file.
    func text() -> String {
        var lines = ["# Made by Luthier from what the model was trained with. Not tried in Ollama.", "FROM ./\(file)"]
        if let template = template() {
            lines += ["", "TEMPLATE \"\"\"\(template)\"\"\"", ""]
        } else {
            lines += [
                "",
                "# The model's chat template cannot be written in Ollama's language. Ollama looks for a template",
                "# that it knows and that is like the one in the GGUF file. Compare answers with `luthier chat` before you use it.",
                "",
            ]
        }
        let stops = endIDs.map { String(decoding: saved.tokenizer.bytes(of: $0), as: UTF8.self) } + settings.stop
        lines += stops.filter { !$0.isEmpty && !$0.contains("\"\"\"") }.map { "PARAMETER stop \"\"\"\($0)\"\"\"" }
        let sampling = settings.sampling
        lines += [
            "PARAMETER temperature \(number(sampling.temperature))", "PARAMETER num_predict \(settings.maximumTokens)",
            "PARAMETER num_ctx \(min(saved.model.architecture.contextLength, OllamaModelfile.longestContext))",
            // Ollama's own defaults are others.
            "PARAMETER repeat_penalty \(number(sampling.repetitionPenalty))",
        ]
        if sampling.temperature > 0 {
            lines += ["PARAMETER top_k \(sampling.topK)", "PARAMETER top_p \(number(sampling.topP))"]
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Longer contexts cost memory that few conversations need.
    private static let longestContext = 8192

    private func number(_ value: Double) -> String {
        value == value.rounded() ? String(Int(value)) : String(value)
    }

    /// In the language of Go's text/template; nil where that cannot express it.
    private func template() -> String? {
        guard let own = saved.template, own != .raw else { return "{{ .Prompt }}" }
        let begins = saved.tokenizer.addsBegin
        func text(_ id: Int?) -> String? { id.map { String(decoding: saved.tokenizer.bytes(of: $0), as: UTF8.self) } }
        let (startToken, endToken) = (
            own.tokenNames.start ?? text(saved.tokenizer.startID), text(saved.tokenizer.endOfTextID)
        )
        let jinja =
            own.model
            ?? ModelTemplate(
                source: own.jinja(addsBegin: begins), startToken: startToken, endToken: own.tokenNames.end ?? endToken)
        guard let frames = TurnFrames(jinja, startToken: startToken) else { return nil }
        func turn(_ frame: ChatTemplate.Frame) -> String { frame.before + "{{ .Content }}" + frame.after }
        let missing = frames.defaultSystem.map {
            "{{ if not .System }}" + frames.system.before + $0 + frames.system.after + "{{ end }}"
        }
        let fixed = [
            frames.start, frames.system.before, frames.system.after, frames.defaultSystem ?? "", frames.user.before,
            frames.user.after, frames.assistant.before, frames.assistant.after, frames.generation,
        ]
        guard !fixed.contains(where: { $0.contains("{{") || $0.contains("\"\"\"") }) else { return nil }
        // Ollama puts the start token in front where the GGUF file asks for it.
        return (begins ? "" : frames.start) + (missing ?? "") + "{{ range .Messages }}{{ if eq .Role \"system\" }}"
            + turn(frames.system) + "{{ else if eq .Role \"user\" }}" + turn(frames.user)
            + "{{ else if eq .Role \"assistant\" }}" + turn(frames.assistant) + "{{ end }}{{ end }}" + frames.generation
    }
}
