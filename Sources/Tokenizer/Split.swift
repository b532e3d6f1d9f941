// How a text is cut before merging, as a list of steps.

extension Tokenizer {
    /// How a text is cut before merging; no token reaches over a cut.
    ///
    /// A split is a list of steps; each cuts the pieces of the step before. Only the lists below are known, and each of
    /// them has a name, which is what a config and the command line say.
    package struct Split: Sendable, Hashable {
        /// One way to cut.
        package enum Step: Sendable, Hashable {
            /// Each character of Unicode's categories N* is a piece of its own.
            case digits
            /// GPT-2's pattern.
            case gpt2
            /// Llama 3's pattern, with numbers of at most so many digits in a piece.
            case llama3(longestNumber: Int)
        }

        /// The name.
        package let rawValue: String
        package let steps: [Step]

        /// GPT-2's pattern: words, numbers and punctuation with the space before them. Also Pythia's and OLMo's.
        package static let gpt2 = Split("gpt2", [.gpt2])
        /// Not at all: the text is one piece.
        package static let none = Split("none", [])
        /// SmolLM's and StarCoder's: each digit alone, and GPT-2's pattern between the digits.
        package static let smollm = Split("smollm", [.digits, .gpt2])
        /// Llama 3's pattern: up to three digits together, punctuation with the line breaks behind it.
        package static let llama3 = Split("llama3", [.llama3(longestNumber: 3)])
        /// Qwen2's pattern: as Llama 3's, but each digit alone.
        package static let qwen2 = Split("qwen2", [.llama3(longestNumber: 1)])

        private init(_ rawValue: String, _ steps: [Step]) {
            self.rawValue = rawValue
            self.steps = steps
        }

        /// The split of these steps, where there is one.
        package init?(steps: [Step]) {
            guard let known = Split.allCases.first(where: { $0.steps == steps }) else { return nil }
            self = known
        }
    }
}

extension Tokenizer.Split: RawRepresentable, CaseIterable {
    package static let allCases: [Tokenizer.Split] = [.gpt2, .none, .smollm, .llama3, .qwen2]

    package init?(rawValue: String) {
        guard let known = Self.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
        self = known
    }
}

extension Tokenizer.Split.Step {
    /// The patterns as files write them. A pattern is known by its text; no regular expression is ever run.
    private static let patterns: [(text: String, step: Self)] = [
        (#"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#, .gpt2),
        (#"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#, .gpt2),
        (llama3Pattern(number: #"\p{N}{1,3}"#), .llama3(longestNumber: 3)),
        (llama3Pattern(number: #"\p{N}"#), .llama3(longestNumber: 1)),
    ]

    private static func llama3Pattern(number: String) -> String {
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"# + number
            + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    }

    /// The step that a pattern stands for, where it is one of the known ones.
    init?(pattern: String) {
        guard let known = Self.patterns.first(where: { $0.text.utf8.elementsEqual(pattern.utf8) }) else { return nil }
        self = known.step
    }

    /// The pattern as tokenizer.json writes it; nil for digits.
    var pattern: String? { Self.patterns.first { $0.step == self }?.text }
}

/// The rules by which `PieceScanner` cuts: the patterned splits, compiled.
enum PieceRules: UInt8 {
    case gpt2, smollm, llama3, qwen2

    /// Nil for the split that does not cut.
    init?(_ split: Tokenizer.Split) {
        switch split {
        case .gpt2: self = .gpt2
        case .smollm: self = .smollm
        case .llama3: self = .llama3
        case .qwen2: self = .qwen2
        default: return nil
        }
    }
}
