// `luthier inspect` for files of other programs.

import Checkpoint
import Foundation
import Interchange
import Models

enum ThirdPartyInspection {
    /// Shows a third-party model file or folder. Returns false if `path` is neither.
    static func show(_ path: String) throws -> Bool {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return false }
        if isFolder.boolValue {
            guard ThirdPartyFile.isModelFolder(path), !RunFolder.isRun(path) else { return false }
            try PEFTAdapter.isFolder(path) ? showAdapter(path) : showFolder(path)
            return true
        }
        switch ThirdPartyFile(path: path) {
        case .safetensors: try showSafetensors(path)
        case .gguf: try showGGUF(path)
        case .pickle, .gitLFSPointer: try ThirdPartyFile.rejectAsModel(path)
        case .other: return false
        }
        return true
    }

    private static func showFolder(_ path: String) throws {
        let folder = try HuggingFaceFolder(path: path)
        for file in folder.weightFiles { try showSafetensors(file) }
        let source = try ModelSource(path: path)
        Console.output(
            "\(path)\n  \(folder.family.modelType), \(source.parameterCount) parameters, supported\n"
                + "  \(folder.architecture.summary)\n")
        Console.output("  tokenizer: \(source.tokenizer.vocabularySize) tokens\n")
        for note in source.notes { Console.output("  note: \(note)\n") }
    }

    private static func showAdapter(_ path: String) throws {
        let adapter = try PEFTAdapter(path: path)
        try showSafetensors(adapter.weightsFile)
        Console.output(
            "\(path)\n  PEFT adapter, rank \(adapter.rank), scale \(adapter.scale), for \(adapter.targets)\n"
                + "  base: \(adapter.baseName ?? "not named")\n")
        let source = try ModelSource(path: path)
        Console.output(
            "  found at \(source.base ?? path), \(source.parameterCount) parameters: the adapter fits and is supported\n"
        )
        for note in source.notes { Console.output("  note: \(note)\n") }
    }

    private static func showSafetensors(_ path: String) throws {
        let file = try SafetensorsFile(path: path)
        try heading(path, elements: file.entries.reduce(0) { $0 + $1.count })
        for (key, value) in file.metadata.sorted(by: { $0.key < $1.key }) { Console.output("  \(key): \(value)\n") }
        for entry in file.entries {
            let isRead = [.f32, .f16, .bf16, .f64].contains(entry.type)
            tensor(entry.name, entry.shape, entry.type.rawValue, isRead: isRead)
        }
    }

    private static func showGGUF(_ path: String) throws {
        let file = try GGUFFile(path: path)
        try heading(path, elements: file.entries.reduce(0) { $0 + $1.count })
        for (key, value) in file.metadata { Console.output("  \(key): \(text(value))\n") }
        for entry in file.entries {
            tensor(entry.name, entry.shape, entry.typeName, isRead: entry.type?.isRead ?? false)
        }
        for line in typeTable(file.entries) { Console.output("  \(line)\n") }
        Console.output("  tokenizer: \(try file.tokenizerSummary() ?? "none")\n")
        if case .text(let template) = file["tokenizer.chat_template"] {
            Console.output("  chat template: \(template.utf8.count) bytes\n")
        } else {
            Console.output("  chat template: none\n")
        }
        do throws(InterchangeError) {
            let model = try GGUFModelFile(path: path)
            Console.output(
                "  supported, \(model.layout.parameterCount) parameters\n  \(model.architecture.summary)\n")
        } catch {
            Console.output("  not supported: \(error)\n")
        }
    }

    /// One line for each type of the tensors' elements: how many tensors have it, and their bytes.
    private static func typeTable(_ entries: [GGUFEntry]) -> [String] {
        Dictionary(grouping: entries, by: \.typeNumber).sorted { $0.key < $1.key }.map { _, entries in
            let bytes = entries.reduce(0) { $0 + ($1.byteCount ?? 0) }
            let (count, type) = (entries.count, entries[0].type)
            let isRead = type?.isRead ?? false
            return "\(entries[0].typeName): \(count) \(count == 1 ? "tensor" : "tensors"), "
                + "\(type == nil ? "size not known" : "\(bytes) bytes")\(isRead ? "" : ", not supported")"
        }
    }

    private static func heading(_ path: String, elements: Int) throws {
        Console.output("\(path)\n  SHA-256 \(try SHA256Digest.hex(ofFile: path))\n  \(elements) numbers in tensors\n")
    }

    private static func tensor(_ name: String, _ shape: [Int], _ type: String, isRead: Bool) {
        Console.output("  \(name)  \(shape)  \(type)\(isRead ? "" : ", not supported")\n")
    }

    private static func text(_ value: GGUFValue) -> String {
        switch value {
        case .unsigned(let number): "\(number)"
        case .signed(let number): "\(number)"
        case .number(let number): "\(number)"
        case .flag(let flag): "\(flag)"
        case .text(let text): text.count > 100 ? "\(text.prefix(100))…" : text
        case .list(let values): "\(values.count) values"
        }
    }
}
