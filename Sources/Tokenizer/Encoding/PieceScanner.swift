// Cuts a text into the pieces within which tokens are merged, as the published split patterns do.

/// What cuts a text into pieces, each of which depends only on what follows its start.
protocol PieceCutter {
    /// The end of the piece that starts at `start`, which must be less than the count of bytes.
    func pieceEnd(from start: Int) -> Int
}

/// A scanner over any bytes for GPT-2's pattern
///
///     '(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
///
/// for the same between single digits (SmolLM), and for Llama 3's (PieceScanner+Llama3.swift). A byte that is not part
/// of well-formed UTF-8 is neither letter, number nor space. The buffer must outlive the scanner.
struct PieceScanner: PieceCutter {
    let base: UnsafePointer<UInt8>
    let count: Int
    private let classOfFirstByte: UnsafePointer<UInt8>
    let rules: PieceRules

    /// - Parameter classOfFirstByte: 256 entries, `ScalarClasses.ofFirstBytes`.
    init(base: UnsafePointer<UInt8>, count: Int, classOfFirstByte: UnsafePointer<UInt8>, rules: PieceRules) {
        self.base = base
        self.count = count
        self.classOfFirstByte = classOfFirstByte
        self.rules = rules
    }

    /// A word of up to fifteen ASCII letters after at most one space, by far the most frequent piece, is the same by all
    /// rules. It is measured eight letters at a time.
    @inline(__always)
    func pieceEnd(from start: Int) -> Int {
        guard start + 32 <= count else { return generalPieceEnd(from: start) }
        let body = base[start] == 0x20 ? start + 1 : start
        let first = word(at: body)
        let run = Self.letterRun(first)
        if run > 0 {
            if run < 8 {
                if first >> (UInt64(run) * 8) & 0x80 == 0 { return body + run }
            } else {
                let second = word(at: body + 8)
                let rest = Self.letterRun(second)
                if rest < 8, second >> (UInt64(rest) * 8) & 0x80 == 0 { return body + 8 + rest }
            }
        }
        return generalPieceEnd(from: start)
    }

    @inline(__always)
    private func word(at offset: Int) -> UInt64 {
        UInt64(littleEndian: UnsafeRawPointer(base + offset).loadUnaligned(as: UInt64.self))
    }

    /// How many of the eight bytes, from the lowest on, are ASCII letters.
    @inline(__always)
    private static func letterRun(_ bytes: UInt64) -> Int {
        let lowered = bytes | 0x2020_2020_2020_2020
        let low = lowered & 0x7F7F_7F7F_7F7F_7F7F
        let atLeastA = low &+ 0x1F1F_1F1F_1F1F_1F1F
        let beyondZ = low &+ 0x0505_0505_0505_0505
        let notLetters = (~atLeastA | beyondZ | bytes) & 0x8080_8080_8080_8080
        return notLetters.trailingZeroBitCount >> 3
    }

    @inline(never)
    private func generalPieceEnd(from start: Int) -> Int {
        switch rules {
        case .gpt2, .smollm: plainPieceEnd(from: start)
        case .llama3: llama3PieceEnd(from: start, longestNumber: 3)
        case .qwen2: llama3PieceEnd(from: start, longestNumber: 1)
        }
    }

    /// A piece of GPT-2's pattern; with SmolLM's rules a number ends the text before it, and is one digit.
    @inline(__always)
    private func plainPieceEnd(from start: Int) -> Int {
        let first = base[start]
        if first == UInt8(ascii: "'") {
            let length = contractionLength(at: start)
            if length > 0 { return start + length }
        }
        let (firstClass, firstWidth) = classify(at: start)
        guard firstClass == ScalarClass.space else {
            if isolatesDigits, firstClass == ScalarClass.number { return start + firstWidth }
            return runEnd(of: firstClass, from: start + firstWidth)
        }
        if first == 0x20, start + 1 < count {
            let (nextClass, nextWidth) = classify(at: start + 1)
            if nextClass != ScalarClass.space, !(isolatesDigits && nextClass == ScalarClass.number) {
                return runEnd(of: nextClass, from: start + 1 + nextWidth)
            }
        }
        return spaceEnd(from: start, firstWidth: firstWidth)
    }

    @inline(__always)
    private var isolatesDigits: Bool { rules == .smollm }

    /// The length of `'s`, `'ll` and their like, or 0.
    private func contractionLength(at start: Int) -> Int {
        guard start + 1 < count else { return 0 }
        switch base[start + 1] {
        case UInt8(ascii: "s"), UInt8(ascii: "d"), UInt8(ascii: "m"), UInt8(ascii: "t"): return 2
        case UInt8(ascii: "l"): return start + 2 < count && base[start + 2] == UInt8(ascii: "l") ? 3 : 0
        case UInt8(ascii: "v"), UInt8(ascii: "r"):
            return start + 2 < count && base[start + 2] == UInt8(ascii: "e") ? 3 : 0
        default: return 0
        }
    }

    @inline(__always)
    func runEnd(of wanted: UInt8, from offset: Int) -> Int {
        var end = offset
        while end < count {
            let firstByteClass = classOfFirstByte[Int(base[end])]
            if firstByteClass == wanted {
                end += 1
            } else if firstByteClass == ScalarClass.undecided {
                let (scalarClass, width) = classifyBeyondASCII(at: end)
                guard scalarClass == wanted else { break }
                end += width
            } else {
                break
            }
        }
        return end
    }

    /// White space up to the text's end is one piece; before anything else its last character is left for what follows,
    /// unless it is the only one.
    @inline(__always)
    func spaceEnd(from start: Int, firstWidth: Int) -> Int {
        var last = start
        var end = start + firstWidth
        while end < count {
            let (scalarClass, width) = classify(at: end)
            guard scalarClass == ScalarClass.space else {
                return last == start || (isolatesDigits && scalarClass == ScalarClass.number) ? end : last
            }
            last = end
            end += width
        }
        return end
    }

    @inline(__always)
    func classify(at offset: Int) -> (scalarClass: UInt8, width: Int) {
        let scalarClass = classOfFirstByte[Int(base[offset])]
        return scalarClass == ScalarClass.undecided ? classifyBeyondASCII(at: offset) : (scalarClass, 1)
    }

    /// A byte that begins no well-formed character is `other` by itself.
    private func classifyBeyondASCII(at offset: Int) -> (scalarClass: UInt8, width: Int) {
        guard let (value, width) = UTF8Scalar.decode(base + offset, available: count - offset) else {
            return (ScalarClass.other, 1)
        }
        let scalarClass = ScalarClasses.shared[value]
        if scalarClass == ScalarClass.other, isolatesDigits, ScalarClasses.isLateNumber(value) {
            return (ScalarClass.number, width)
        }
        return (scalarClass, width)
    }
}
