// Cuts a template into its text and its tags, with the white space rules that chat templates are written for.

import StrictJSON

/// One pass over a template.
///
/// The rules are Jinja's with `trim_blocks` and `lstrip_blocks`, as Transformers sets them: the line break after `%}`
/// and `#}` is removed, and so is the indentation of `{%` and `{#` where nothing else comes before them in their
/// line. A dash inside a tag removes all white space on its side, a plus sign keeps it. Line ends become `\n`; one at
/// the very end of the template is removed.
struct Lexer {
    let scalars: [Unicode.Scalar]
    var offset = 0
    private(set) var tokens: [Token] = []
    /// Where each line begins.
    private var lineStarts = [0]
    /// Whether what was last consumed ended with a line break, so that a tag here may begin its line.
    private var startsLine = true

    init(_ source: String) {
        var scalars: [Unicode.Scalar] = []
        var previous: Unicode.Scalar = " "
        for scalar in source.unicodeScalars {
            if scalar != "\n" || previous != "\r" { scalars.append(scalar == "\r" ? "\n" : scalar) }
            previous = scalar
        }
        if scalars.last == "\n" { scalars.removeLast() }
        self.scalars = scalars
        for (place, scalar) in scalars.enumerated() where scalar == "\n" { lineStarts.append(place + 1) }
    }

    func position(at place: Int) -> SourcePosition {
        var (low, high) = (0, lineStarts.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if lineStarts[middle] <= place { low = middle } else { high = middle }
        }
        return SourcePosition(line: low + 1, column: place - lineStarts[low] + 1)
    }

    func failure(_ defect: JinjaDefect, at place: Int) -> JinjaError {
        JinjaError(position: position(at: place), defect: defect)
    }

    mutating func add(_ kind: Token.Kind, at place: Int) {
        tokens.append(Token(kind: kind, position: position(at: place)))
    }

    /// Whether `text` begins at `place`.
    func has(_ text: StaticString, at place: Int) -> Bool {
        guard place >= 0, place + text.utf8CodeUnitCount <= scalars.count else { return false }
        return text.withUTF8Buffer { bytes in
            bytes.indices.allSatisfy { scalars[place + $0].value == UInt32(bytes[$0]) }
        }
    }

    func skippingSpace(from place: Int) -> Int {
        var place = place
        while place < scalars.count, scalars[place].isSpace { place += 1 }
        return place
    }

    mutating func run() throws(JinjaError) -> [Token] {
        while let tag = nextTag() {
            if let content = rawContent(at: tag) {
                addText(upTo: tag, before: tag + 2)
                try readRaw(from: content, opening: tag)
                continue
            }
            let isOutput = scalars[tag + 1] == "{"
            addText(upTo: tag, before: tag + 2, isOutput: isOutput)
            let hasSign = tag + 2 < scalars.count && (scalars[tag + 2] == "-" || scalars[tag + 2] == "+")
            offset = tag + (hasSign ? 3 : 2)
            if scalars[tag + 1] == "#" {
                try readComment(opening: tag)
            } else {
                add(isOutput ? .outputStart : .blockStart, at: tag)
                try readTag(isOutput: isOutput, opening: tag)
            }
        }
        if offset < scalars.count { add(.data(Array(scalars[offset...])), at: offset) }
        add(.end, at: scalars.count)
        return tokens
    }

    private func nextTag() -> Int? {
        var place = offset
        while place + 1 < scalars.count {
            if scalars[place] == "{", ["{", "%", "#"].contains(scalars[place + 1]) { return place }
            place += 1
        }
        return nil
    }

    /// Adds the text in front of a tag, of whose white space the sign at `sign` decides.
    private mutating func addText(upTo end: Int, before sign: Int, isOutput: Bool = false) {
        var kept = end
        if sign < scalars.count, scalars[sign] == "-" {
            while kept > offset, scalars[kept - 1].isSpace { kept -= 1 }
        } else if !isOutput, sign >= scalars.count || scalars[sign] != "+" {
            var line = end
            while line > offset, scalars[line - 1] != "\n" { line -= 1 }
            // Text that follows a tag in the same line does not begin a line.
            let beginsLine = line > offset || startsLine
            if beginsLine, scalars[line..<end].allSatisfy(\.isSpace) { kept = line }
        }
        if kept > offset { add(.data(Array(scalars[offset..<kept])), at: offset) }
    }

    /// Skips the end of a tag at `offset`, and the white space that the end removes.
    ///
    /// - Parameter trimsLine: whether a line break after it is skipped, too.
    /// - Returns: whether there is an end.
    mutating func skipEnd(_ end: StaticString, trimsLine: Bool) -> Bool {
        let start = offset
        if has(end, at: offset) {
            offset += 2
            if trimsLine, offset < scalars.count, scalars[offset] == "\n" { offset += 1 }
        } else if has("-", at: offset), has(end, at: offset + 1) {
            offset = skippingSpace(from: offset + 3)
        } else if trimsLine, has("+", at: offset), has(end, at: offset + 1) {
            offset += 3
        }
        guard offset > start else { return false }
        startsLine = scalars[offset - 1] == "\n"
        return true
    }

    private mutating func readComment(opening: Int) throws(JinjaError) {
        while offset < scalars.count {
            if skipEnd("#}", trimsLine: true) { return }
            offset += 1
        }
        throw failure(.unterminated("a comment"), at: opening)
    }

    /// Where the text of `{% raw %}` begins, if the tag at `tag` is that.
    private func rawContent(at tag: Int) -> Int? {
        guard scalars[tag + 1] == "%" else { return nil }
        var place = tag + 2
        if has("-", at: place) || has("+", at: place) { place += 1 }
        place = skippingSpace(from: place)
        guard has("raw", at: place) else { return nil }
        place = skippingSpace(from: place + 3)
        if has("%}", at: place) { return place + 2 }
        return has("-%}", at: place) ? skippingSpace(from: place + 3) : nil
    }

    private mutating func readRaw(from content: Int, opening: Int) throws(JinjaError) {
        startsLine = content > 0 && scalars[content - 1] == "\n"
        offset = content
        for end in content..<max(content, scalars.count) where has("{%", at: end) {
            var place = end + 2
            if has("-", at: place) || has("+", at: place) { place += 1 }
            place = skippingSpace(from: place)
            guard has("endraw", at: place) else { continue }
            let text = offset
            offset = skippingSpace(from: place + 6)
            guard skipEnd("%}", trimsLine: true) else {
                offset = text
                continue
            }
            let next = offset
            let startsLineAfter = startsLine
            startsLine = content > 0 && scalars[content - 1] == "\n"
            offset = text
            addText(upTo: end, before: end + 2)
            (offset, startsLine) = (next, startsLineAfter)
            return
        }
        throw failure(.unterminated("{% raw %}"), at: opening)
    }
}
