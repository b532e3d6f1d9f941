// `luthier tokenizer`: trains, applies and describes byte-pair encodings.

import Arguments
import Datasets
import Foundation
import Models
import StrictJSON
import Tokenizer

struct TokenizerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokenizer", abstract: "Train a tokenizer, encode and decode text.",
        subcommands: [Train.self, Encode.self, Decode.self, Info.self],
        examples: ["luthier tokenizer encode --tokenizer smollm2-135m text.txt"])

    /// The tokenizer of a command.
    struct Source: ParsableArguments {
        @Option(
            help: ArgumentHelp(
                "Folder, tokenizer.json, GGUF file, checkpoint, run or fetched model; by default the newest run.",
                valueName: "path", completion: .model))
        var tokenizer: String?

        func load() throws -> Tokenizer {
            if let tokenizer { return try TokenizerSource.tokenizer(at: tokenizer) }
            guard let newest = RunFolder.all(in: "checkpoints").first else {
                throw ValidationError("no tokenizer", hint: "give one with --tokenizer PATH")
            }
            let source = try ModelSource(path: newest.path)
            Console.message("tokenizer of \(source.path)")
            return source.tokenizer
        }
    }

    struct Train: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Train a tokenizer on text files.",
            examples: ["luthier tokenizer train text.txt --vocabulary-size 4096 --output tokenizer"])
        @Argument(help: ArgumentHelp("Text files.", completion: .file)) var files: [String]
        @Option(help: "Number of tokens, including the 256 bytes and end-of-text.") var vocabularySize: Int
        @Option(help: ArgumentHelp("Folder for the tokenizer.", valueName: "folder")) var output: String
        @Option(help: "How text is split before merging.") var split: Tokenizer.Split = .gpt2

        mutating func run() throws {
            let texts = try files.map { path throws(DatasetError) in try TextFile(path: path).bytes }
            let tokenizer = try Tokenizer.train(on: texts, vocabularySize: vocabularySize, split: split)
            try tokenizer.write(to: output)
            Console.message("\(tokenizer.vocabularySize) tokens written to \(output)")
            if tokenizer.vocabularySize < vocabularySize {
                Console.message("note: no more pairs occur at least twice in the text")
            }
        }
    }

    struct Encode: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the token ids of a text, byte for byte: line ends and byte-order marks are encoded too.",
            examples: ["luthier tokenizer encode --tokenizer tokenizer text.txt"])
        @OptionGroup var source: Source
        @Argument(help: ArgumentHelp("File, or - for stdin.", completion: .file)) var file: String = "-"
        @Flag(help: "Print {\"ids\":[…]}.") var json = false

        mutating func run() throws {
            let ids = try source.load().encode(Console.bytes(of: file))
            if json {
                Console.json([("ids", .array(ids.map { .integer(Int($0)) }))])
            } else {
                Console.output(ids.map(String.init).joined(separator: " ") + "\n")
            }
        }
    }

    struct Decode: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the text of token ids.",
            examples: ["echo 72 105 | luthier tokenizer decode --tokenizer tokenizer"])
        @OptionGroup var source: Source
        @Argument(help: ArgumentHelp("File with ids, or - for stdin.", completion: .file)) var file: String = "-"
        @Flag(help: "Print {\"text\":…}.") var json = false

        mutating func run() throws {
            let words = String(decoding: try Console.text(of: file), as: UTF8.self).split { $0.isWhitespace }
            let ids = try words.map { word in
                guard let id = Int(word) else { throw ValidationError("\(word) is not a token id") }
                return id
            }
            let bytes = try source.load().decode(ids)
            if json {
                Console.json([("text", .string(String(decoding: bytes, as: UTF8.self)))])
            } else {
                Console.raw(bytes)
            }
        }
    }

    struct Info: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Describe a tokenizer.",
            examples: ["luthier tokenizer info --tokenizer smollm2-135m"])
        @OptionGroup var source: Source

        mutating func run() throws {
            let tokenizer = try source.load()
            Console.output(
                "vocabulary \(tokenizer.vocabularySize), merges \(tokenizer.mergeCount), split \(tokenizer.split.rawValue), "
                    + "end of text \(tokenizer.endOfTextID.map(String.init) ?? "none")\n")
        }
    }
}

extension Tokenizer.Split: ExpressibleByArgument {}
