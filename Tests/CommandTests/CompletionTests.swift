// Completion in real shells, examples that parse, and the manual page; a shell that is missing is skipped by name.

import Arguments
import Foundation
import LuthierProgram
import Testing

@Suite struct CompletionTests {
    /// The shell's path; nil where it is not installed.
    private static func path(_ shell: String) -> String? {
        ["/usr/bin/", "/bin/", "/usr/local/bin/", "/opt/homebrew/bin/"].map { $0 + shell }
            .first(where: FileManager.default.isExecutableFile)
    }

    /// Folder with two runs, a config and a file with a space in its name.
    private static func place(_ shell: String) throws -> Workplace {
        let place = try Workplace()
        for run in ["weather-1", "plain"] { try place.write("{}", to: "checkpoints/\(run)/origins.json") }
        try place.write("{}", to: "tiny.json")
        try place.write("x", to: "data/my file.jsonl")
        try place.write(place.luthier("completion", shell).output, to: "script")
        return place
    }

    /// Runs a shell, with the program in its path, and returns what it prints.
    private static func run(_ shell: String, _ arguments: [String], in place: Workplace) throws -> String {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: shell)
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: place.path)
        let folder = Running.executable.deletingLastPathComponent().path
        process.environment = [
            "PATH": "\(folder):/usr/bin:/bin:/usr/local/bin", "HOME": place.path, "TERM": "dumb", "LC_ALL": "C.UTF-8",
            "LUTHIER_CACHE": place.file("cache"), "PLACE": place.path,
        ]
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: bytes, as: UTF8.self)
    }

    /// What each unfinished line is completed to, in the last word. A line with several candidates has them all.
    static let cases: [(line: [String], words: [String])] = [
        (["luthier", "ver"], ["verify-resume"]),
        (["luthier", "train", "--dry"], ["--dry-run"]),
        (["luthier", "export", "--format", "hug"], ["huggingface"]),
        (["luthier", "runs", "di"], ["diff"]),
        (["luthier", "runs", "--so"], ["--sort"]),
        (["luthier", "report", "weath"], ["weather-1"]),
        (["luthier", "chat", "--checkpoint", "pl"], ["plain"]),
        (["luthier", "train", "--resume", "--config", "ti"], ["tiny.json"]),
        (["luthier", "train", "--set", "training.learn"], ["training.learningRate="]),
        (["luthier", "train", "--method", "lo"], ["lora"]),
        (["luthier", "completion", "fi"], ["fish"]),
        (["luthier", "prepare", "data/my"], ["data/my file.jsonl"]),
    ]

    @Test(.enabled(if: path("bash") != nil, "bash is not installed"))
    func bash() throws {
        let place = try Self.place("bash")
        let script =
            "source ./script; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _luthier; printf '%s\\n' \"${COMPREPLY[@]}\""
        for (line, words) in Self.cases {
            let output = try Self.run(#require(Self.path("bash")), ["--norc", "-c", script, "bash"] + line, in: place)
            #expect(output.split(separator: "\n").map(String.init) == words, "\(line)")
        }
    }

    @Test(.enabled(if: path("fish") != nil, "fish is not installed"))
    func fish() throws {
        let place = try Self.place("fish")
        let script = "source ./script; complete -C \"$argv[1]\""
        for (line, words) in Self.cases {
            let text = line.joined(separator: " ")
            let output = try Self.run(#require(Self.path("fish")), ["--no-config", "-c", script, text], in: place)
            let found = output.split(separator: "\n").map { String($0.prefix { $0 != "\t" }) }
            #expect(found == words, "\(line)")
        }
        let attached = try Self.run(
            #require(Self.path("fish")), ["--no-config", "-c", script, "luthier export --format=gg"], in: place)
        #expect(attached == "--format=gguf\n")
    }

    /// An interactive zsh in a terminal gets each line and a tab; a key that the test binds writes the line to a file.
    private static let zshDriver = #"""
        zmodload zsh/zpty
        zpty -b z zsh -f -i
        zpty -w z "unsetopt zle_bracketed_paste prompt_sp beep; autoload -Uz compinit; compinit -u -D; source ./script"
        zpty -w z "_show() { print -r -- \"\$BUFFER\" >> lines; BUFFER= }; zle -N _show; bindkey '^T' _show"
        zpty -w z "bindkey '^I' expand-or-complete; : > lines"
        while [[ ! -e lines ]]; do zpty -r -t z line > /dev/null; sleep 0.05; done
        number=0
        for words in "$@"; do
            (( number += 1 ))
            zpty -w -n z "$words"$'\t\x14'
            for (( i = 0; i < 1200; i++ )); do
                zpty -r -t z line > /dev/null
                if (( $(wc -l < lines) >= number )); then break; fi
                sleep 0.05
            done
        done
        zpty -d z
        cat lines
        """#

    @Test(.enabled(if: path("zsh") != nil, "zsh is not installed"))
    func zsh() throws {
        let place = try Self.place("zsh")
        let lines = Self.cases.map { $0.line.joined(separator: " ") } + ["luthier export --format=gg"]
        let output = try Self.run(#require(Self.path("zsh")), ["-f", "-c", Self.zshDriver, "zsh"] + lines, in: place)
        let found = output.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
        let wanted = Self.cases.map {
            ($0.line.dropLast() + [$0.words[0].replacing(" ", with: "\\ ")]).joined(separator: " ")
        }
        #expect(found == wanted + ["luthier export --format=gguf"])
    }

    /// Each command that help shows has an example, and each example is a command line that the parser takes.
    @Test func examplesParse() throws {
        var count = 0
        func check(_ command: any ParsableCommand.Type) throws {
            #expect(!command.configuration.examples.isEmpty, "\(command) has no example")
            for example in command.configuration.examples {
                // After a pipe, before a redirection.
                let line = example.split(separator: "|").last.map(String.init) ?? ""
                let call = line.split(separator: ">").first.map(String.init) ?? ""
                // Text in single quotes is one word.
                let words = call.split(separator: "'").enumerated().flatMap { index, part in
                    index % 2 == 1 ? [String(part)] : part.split(separator: " ").map(String.init)
                }
                #expect(words.first == "luthier", "\(example)")
                // These ask, and tests have no terminal.
                let answer = words.contains("tune") || words.contains("--fix") ? ["--yes"] : []
                guard case .run = try CommandLineParser.parse(Luthier.self, Array(words.dropFirst()) + answer) else {
                    Issue.record("\(example) does not run")
                    continue
                }
                count += 1
            }
            for inner in command.configuration.subcommands where !inner.configuration.isHidden { try check(inner) }
        }
        try check(Luthier.self)
        #expect(count > 30)
    }

    @Test(.enabled(if: path("mandoc") != nil, "mandoc is not installed"))
    func theManualPageIsClean() throws {
        let place = try Workplace()
        try place.write(place.luthier("completion", "man").output, to: "luthier.1")
        #expect(
            try Self.run(#require(Self.path("mandoc")), ["-T", "lint", "-W", "warning", "luthier.1"], in: place) == "")
        let page = try Self.run(#require(Self.path("mandoc")), ["-T", "utf8", "luthier.1"], in: place)
        #expect(page.contains("training.learningRate"))
    }
}
