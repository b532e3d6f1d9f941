// The split patterns, alternative by alternative, on scalars: slow and obvious.

import Tokenizer

enum ObviousSplit {
    /// The ends of the pieces in bytes.
    static func pieceEnds(of text: String, split: Tokenizer.Split = .gpt2) -> [Int] {
        let scalars = Array(text.unicodeScalars)
        let ends: [Int] =
            switch split {
            case .gpt2: cut(scalars[...], gpt2End)
            case .smollm: digitsApart(scalars).flatMap { cut($0, gpt2End) }
            case .llama3: cut(scalars[...]) { llama3End($0, $1, longestNumber: 3) }
            case .qwen2: cut(scalars[...]) { llama3End($0, $1, longestNumber: 1) }
            default: scalars.isEmpty ? [] : [scalars.count]
            }
        return ends.map { end in scalars[..<end].reduce(0) { $0 + UTF8.width($1) } }
    }

    private static func isKnown(_ scalar: Unicode.Scalar) -> Bool { (scalar.properties.age?.major ?? 99) <= 16 }

    private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
        isKnown(scalar)
            && [.uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter]
                .contains(scalar.properties.generalCategory)
    }

    private static func isNumber(_ scalar: Unicode.Scalar) -> Bool { isKnown(scalar) && isDigit(scalar) }

    /// As the step that isolates digits sees it, which knows Unicode 17.
    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool {
        [.decimalNumber, .letterNumber, .otherNumber].contains(scalar.properties.generalCategory)
    }

    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.isWhitespace }

    private static func isOther(_ scalar: Unicode.Scalar) -> Bool {
        !isSpace(scalar) && !isLetter(scalar) && !isNumber(scalar)
    }

    private static func isLineBreak(_ scalar: Unicode.Scalar) -> Bool { scalar == "\r" || scalar == "\n" }

    private static func cut(
        _ text: ArraySlice<Unicode.Scalar>, _ end: (ArraySlice<Unicode.Scalar>, Int) -> Int
    ) -> [Int] {
        var ends: [Int] = []
        while (ends.last ?? text.startIndex) < text.endIndex { ends.append(end(text, ends.last ?? text.startIndex)) }
        return ends
    }

    private static func digitsApart(_ scalars: [Unicode.Scalar]) -> [ArraySlice<Unicode.Scalar>] {
        var parts: [ArraySlice<Unicode.Scalar>] = []
        var start = 0
        for (place, scalar) in scalars.enumerated() where isDigit(scalar) {
            parts += [scalars[start..<place], scalars[place...place]]
            start = place + 1
        }
        return (parts + [scalars[start...]]).filter { !$0.isEmpty }
    }

    private static func run(
        _ text: ArraySlice<Unicode.Scalar>, _ start: Int, longest: Int = .max, _ belongs: (Unicode.Scalar) -> Bool
    ) -> Int {
        min(
            (start..<text.endIndex).first { !belongs(text[$0]) } ?? text.endIndex,
            longest == .max ? .max : start + longest)
    }

    private static func gpt2End(_ text: ArraySlice<Unicode.Scalar>, _ start: Int) -> Int {
        for contraction in ["'s", "'d", "'m", "'t", "'ll", "'ve", "'re"]
        where text[start...].starts(with: contraction.unicodeScalars) {
            return start + contraction.unicodeScalars.count
        }
        let body = text[start] == " " ? start + 1 : start
        for belongs in [isLetter, isNumber, isOther] {
            let end = run(text, body, belongs)
            if end > body { return end }
        }
        return spaceEnd(text, start)
    }

    private static func llama3End(_ text: ArraySlice<Unicode.Scalar>, _ start: Int, longestNumber: Int) -> Int {
        for contraction in ["'s", "'ſ", "'d", "'m", "'t", "'ll", "'ve", "'re"] {
            let folded = text[start...].prefix(contraction.unicodeScalars.count)
                .map { String($0).lowercased().unicodeScalars.first }
            if folded.elementsEqual(contraction.unicodeScalars.map { $0 }) { return start + folded.count }
        }
        let first = text[start]
        let body = isLetter(first) || isNumber(first) || isLineBreak(first) ? start : start + 1
        let letters = run(text, body, isLetter)
        if letters > body { return letters }
        let numbers = run(text, start, longest: longestNumber, isNumber)
        if numbers > start { return numbers }
        let others = first == " " ? start + 1 : start
        let othersEnd = run(text, others, isOther)
        if othersEnd > others { return run(text, othersEnd, isLineBreak) }
        let spaces = run(text, start, isSpace)
        if let last = (start..<spaces).last(where: { isLineBreak(text[$0]) }) { return last + 1 }
        return spaceEnd(text, start)
    }

    private static func spaceEnd(_ text: ArraySlice<Unicode.Scalar>, _ start: Int) -> Int {
        let spaces = run(text, start, isSpace)
        return spaces == text.endIndex || spaces == start + 1 ? spaces : spaces - 1
    }
}
