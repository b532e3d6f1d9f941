// Llama 3's split pattern, which is Qwen2's too.

extension PieceScanner {
    /// The end of a piece of the pattern
    ///
    ///     (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*
    ///     |\s*[\r\n]+|\s+(?!\S)|\s+
    ///
    /// with `longestNumber` in place of 3.
    @inline(never)
    func llama3PieceEnd(from start: Int, longestNumber: Int) -> Int {
        let first = base[start]
        if first == UInt8(ascii: "'") {
            let length = anyCaseContractionLength(at: start)
            if length > 0 { return start + length }
        }
        let (firstClass, firstWidth) = classify(at: start)
        let next = start + firstWidth
        if firstClass == ScalarClass.letter { return runEnd(of: ScalarClass.letter, from: next) }
        if firstClass == ScalarClass.number { return numberEnd(from: next, longest: longestNumber - 1) }
        let nextClass = next < count ? classify(at: next).scalarClass : ScalarClass.undecided
        if nextClass == ScalarClass.letter, first != 0x0A, first != 0x0D {
            return runEnd(of: ScalarClass.letter, from: next)
        }
        if firstClass == ScalarClass.other || (first == 0x20 && nextClass == ScalarClass.other) {
            return lineBreaksEnd(from: runEnd(of: ScalarClass.other, from: next))
        }
        return spaceOrLineEnd(from: start, firstWidth: firstWidth)
    }

    /// The length of `'s`, `'LL` and their like in any case, or 0. The long s (ſ) is an s in another case.
    private func anyCaseContractionLength(at start: Int) -> Int {
        func lowered(_ offset: Int) -> UInt8 { start + offset < count ? base[start + offset] | 0x20 : 0 }
        switch lowered(1) {
        case UInt8(ascii: "s"), UInt8(ascii: "d"), UInt8(ascii: "m"), UInt8(ascii: "t"): return 2
        case UInt8(ascii: "l"): return lowered(2) == UInt8(ascii: "l") ? 3 : 0
        case UInt8(ascii: "v"), UInt8(ascii: "r"): return lowered(2) == UInt8(ascii: "e") ? 3 : 0
        default: return start + 2 < count && base[start + 1] == 0xC5 && base[start + 2] == 0xBF ? 3 : 0
        }
    }

    private func numberEnd(from offset: Int, longest: Int) -> Int {
        var end = offset
        for _ in 0..<longest where end < count {
            let (scalarClass, width) = classify(at: end)
            guard scalarClass == ScalarClass.number else { break }
            end += width
        }
        return end
    }

    private func lineBreaksEnd(from offset: Int) -> Int {
        var end = offset
        while end < count, base[end] == 0x0A || base[end] == 0x0D { end += 1 }
        return end
    }

    /// White space up to and with its last line break; without one, as GPT-2's pattern cuts it.
    private func spaceOrLineEnd(from start: Int, firstWidth: Int) -> Int {
        var lineEnd = start
        var end = start
        while end < count {
            let (scalarClass, width) = classify(at: end)
            guard scalarClass == ScalarClass.space else { break }
            if base[end] == 0x0A || base[end] == 0x0D { lineEnd = end + 1 }
            end += width
        }
        return lineEnd > start ? lineEnd : spaceEnd(from: start, firstWidth: firstWidth)
    }
}
