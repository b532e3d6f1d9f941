// The part of a model card that says how the model is used: its chat template, and a command for each program.

import Conversations

struct ModelCardUse {
    private let source: ModelSource
    private let export: ModelCard.Export
    private let name: String

    init(_ source: ModelSource, _ export: ModelCard.Export, name: String) {
        (self.source, self.export, self.name) = (source, export, name)
    }

    private var isChat: Bool { source.template.map { $0 != .raw } ?? false }

    var lines: [String] {
        let about =
            isChat
            ? "The model was trained on conversations. Its chat template is stored with it, and all programs below use it."
            : "The model continues plain text; it has no chat template."
        return [about, ""] + block(commands, export == .folder || export.isAdapterFolder ? "python" : "sh")
            + [""] + block(["luthier \(isChat ? "chat" : "generate --prompt 'Once'") --checkpoint \(path)"], "sh")
    }

    private var path: String { if case .gguf(let file) = export { file } else { name } }

    private func block(_ lines: [String], _ language: String) -> [String] { ["```" + language] + lines + ["```"] }

    private var commands: [String] {
        switch export {
        case .gguf(let file):
            return isChat
                ? ["llama-cli -m \(file) -cnv"] : ["llama-cli -m \(file) -no-cnv -p 'Once'"]
        case .folder:
            return [
                "from transformers import AutoModelForCausalLM, AutoTokenizer", "",
                "model = AutoModelForCausalLM.from_pretrained(\"\(name)\")",
            ] + answer
        case .adapters:
            return [
                "from peft import AutoPeftModelForCausalLM", "from transformers import AutoTokenizer", "",
                "model = AutoPeftModelForCausalLM.from_pretrained(\"\(name)\")",
            ] + answer
        }
    }

    private var answer: [String] {
        let input =
            isChat
            ? [
                "messages = [{\"role\": \"user\", \"content\": \"Hello\"}]",
                "inputs = tokenizer.apply_chat_template(",
                "    messages, add_generation_prompt=True, return_dict=True, return_tensors=\"pt\")",
            ] : ["inputs = tokenizer(\"Once\", return_tensors=\"pt\")"]
        return ["tokenizer = AutoTokenizer.from_pretrained(\"\(name)\")"] + input
            + ["print(tokenizer.decode(model.generate(**inputs, max_new_tokens=64)[0]))"]
    }
}

extension ModelCard.Export {
    fileprivate var isAdapterFolder: Bool { if case .adapters = self { true } else { false } }
}
