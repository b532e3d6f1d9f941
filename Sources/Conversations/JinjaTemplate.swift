// The part of Jinja that simple chat templates are written in: a loop over messages, choices by role, joined texts.

/// A parsed chat template. Filters, variables, functions and macros are not understood: such a template is none here.
struct JinjaTemplate {
    private enum Term {
        case text(String)
        case role, content, endOfText
    }

    private enum Condition {
        case role(String, isEqual: Bool)
        case generation
        case otherwise
    }

    private indirect enum Node {
        case text(String)
        case join([Term])
        case loop([Node])
        case choice([(condition: Condition, body: [Node])])
    }

    private enum Token {
        case text(String)
        case expression(String)
        case statement(String)
    }

    private var nodes: [Node] = []

    /// Nil where the text has anything that is not understood.
    init?(_ source: String) {
        guard let tokens = JinjaTemplate.tokens(source) else { return nil }
        var rest = tokens[...]
        guard let nodes = JinjaTemplate.nodes(&rest), rest.isEmpty else { return nil }
        self.nodes = nodes
    }

    /// The text of a conversation; `endOfText` stands for the token.
    func render(_ messages: [(role: String, content: String)], generation: Bool, endOfText: String) -> String {
        func text(_ nodes: [Node], _ message: (role: String, content: String)) -> String {
            nodes.map { node in
                switch node {
                case .text(let text): return text
                case .join(let terms):
                    return terms.map { term in
                        switch term {
                        case .text(let text): text
                        case .role: message.role
                        case .content: message.content
                        case .endOfText: endOfText
                        }
                    }.joined()
                case .loop(let body): return messages.map { text(body, $0) }.joined()
                case .choice(let choices):
                    let taken = choices.first { choice in
                        switch choice.condition {
                        case .role(let role, let isEqual): (message.role == role) == isEqual
                        case .generation: generation
                        case .otherwise: true
                        }
                    }
                    return taken.map { text($0.body, message) } ?? ""
                }
            }.joined()
        }
        return text(nodes, (role: "", content: ""))
    }

    /// Cuts the source at its marks. As Transformers sets Jinja up, a statement takes the line break behind it and the
    /// indentation in front of it away; a `-` inside of a mark takes all white space on its side.
    private static func tokens(_ source: String) -> [Token]? {
        var tokens: [Token] = []
        var rest = source[...]
        while let open = rest.firstRange(ofAnyOf: ["{{", "{%", "{#"]) {
            var text = rest[..<open.lowerBound]
            let kind = rest[open]
            guard let close = rest[open.upperBound...].firstRange(ofAnyOf: [["{{": "}}", "{%": "%}"][kind] ?? "#}"])
            else { return nil }
            var body = rest[open.upperBound..<close.lowerBound]
            rest = rest[close.upperBound...]
            if body.first == "-" {
                body.removeFirst()
                while text.last?.isWhitespace == true { text.removeLast() }
            } else if kind != "{{" {
                let line = text.split(separator: "\n", omittingEmptySubsequences: false).last ?? ""
                if line.allSatisfy({ $0 == " " || $0 == "\t" }) { text.removeLast(line.count) }
            }
            if body.last == "-" {
                body.removeLast()
                rest = rest.drop { $0.isWhitespace }
            } else if kind != "{{", rest.first == "\n" {
                rest.removeFirst()
            }
            if !text.isEmpty { tokens.append(.text(String(text))) }
            if kind == "{{" { tokens.append(.expression(String(body))) }
            if kind == "{%" { tokens.append(.statement(words(body))) }
        }
        if !rest.isEmpty { tokens.append(.text(String(rest))) }
        return tokens
    }

    /// A statement with single spaces, and double quotes made single.
    private static func words(_ body: Substring) -> String {
        body.split(whereSeparator: \.isWhitespace).joined(separator: " ").map { $0 == "\"" ? "'" : String($0) }.joined()
    }

    /// Reads nodes up to a statement that ends or divides what they stand in, which is left in `rest`.
    private static func nodes(_ rest: inout ArraySlice<Token>) -> [Node]? {
        var nodes: [Node] = []
        while let token = rest.first {
            switch token {
            case .text(let text): nodes.append(.text(text))
            case .expression(let text):
                guard let terms = terms(text) else { return nil }
                nodes.append(.join(terms))
            case .statement("for message in messages"):
                rest.removeFirst()
                guard let body = self.nodes(&rest), case .statement("endfor")? = rest.first else { return nil }
                nodes.append(.loop(body))
            case .statement(let text) where text.hasPrefix("if "):
                guard let choice = choice(&rest) else { return nil }
                nodes.append(choice)
            case .statement(let text) where ["endfor", "endif", "else"].contains(text) || text.hasPrefix("elif "):
                return nodes
            case .statement: return nil
            }
            rest.removeFirst()
        }
        return nodes
    }

    /// From `if` up to its `endif`, which is left in `rest`.
    private static func choice(_ rest: inout ArraySlice<Token>) -> Node? {
        var choices: [(condition: Condition, body: [Node])] = []
        while case .statement(let text)? = rest.first, text != "endif" {
            guard let condition = condition(text) else { return nil }
            rest.removeFirst()
            guard let body = nodes(&rest) else { return nil }
            choices.append((condition, body))
        }
        return rest.isEmpty ? nil : .choice(choices)
    }

    private static func condition(_ text: String) -> Condition? {
        if text == "else" { return .otherwise }
        guard let space = text.firstIndex(of: " "), ["if", "elif"].contains(String(text[..<space])) else { return nil }
        let test = text[text.index(after: space)...]
        if test == "add_generation_prompt" { return .generation }
        let parts = test.split(separator: " ")
        guard parts.count == 3, ["message['role']", "message.role"].contains(String(parts[0])),
            parts[1] == "==" || parts[1] == "!=", parts[2].count > 2, parts[2].first == "'", parts[2].last == "'"
        else { return nil }
        return .role(String(parts[2].dropFirst().dropLast()), isEqual: parts[1] == "==")
    }

    /// Texts, the message's parts and the end of a text, joined by `+`.
    private static func terms(_ text: String) -> [Term]? {
        var terms: [Term] = []
        var rest = text.drop { $0.isWhitespace }
        while let first = rest.first {
            if first == "'" || first == "\"" {
                guard let literal = literal(&rest, quote: first) else { return nil }
                terms.append(.text(literal))
            } else {
                let word = rest.prefix { $0 != "+" && !$0.isWhitespace }
                switch word.map({ $0 == "\"" ? "'" : String($0) }).joined() {
                case "message['role']", "message.role": terms.append(.role)
                case "message['content']", "message.content": terms.append(.content)
                case "eos_token": terms.append(.endOfText)
                default: return nil
                }
                rest = rest[word.endIndex...]
            }
            rest = rest.drop { $0.isWhitespace }
            guard !rest.isEmpty else { break }
            guard rest.removeFirst() == "+" else { return nil }
            rest = rest.drop { $0.isWhitespace }
            guard !rest.isEmpty else { return nil }
        }
        return terms.isEmpty ? nil : terms
    }

    private static func literal(_ rest: inout Substring, quote: Character) -> String? {
        var result = ""
        rest.removeFirst()
        while let character = rest.popFirst() {
            if character == quote { return result }
            guard character == "\\" else {
                result.append(character)
                continue
            }
            switch rest.popFirst() {
            case "n": result.append("\n")
            case "t": result.append("\t")
            case let escaped? where "\\'\"".contains(escaped): result.append(escaped)
            default: return nil
            }
        }
        return nil
    }
}

extension Substring {
    /// The first place where one of some texts of two characters stands.
    fileprivate func firstRange(ofAnyOf marks: [String]) -> Range<Index>? {
        for index in indices {
            if let mark = marks.first(where: { self[index...].hasPrefix($0) }) {
                return index..<self.index(index, offsetBy: mark.count)
            }
        }
        return nil
    }
}
