// What each character decomposes into, composes to and where it stands among marks.

/// Unicode's data for composition, of the characters that Unicode 9 has.
///
/// What a character composes to is `CompositionData`'s; classes come from the standard library. Both never change for a
/// character once it is assigned.
struct CompositionTable: Sendable {
    static let shared = CompositionTable()

    /// No character that moves or decomposes is assigned from here on.
    private static let end: UInt32 = 0x30000
    /// In `orders`: the class is 0, and the character still may change.
    private static let mayChange: UInt8 = 255

    private var orders = [UInt8](repeating: 0, count: Int(end))
    private var composites: [UInt64: UInt32] = [:]
    /// One step; the second character is 0 where there is one only.
    private var parts: [UInt32: (first: UInt32, second: UInt32)] = [:]

    private init() {
        for value in 0x300..<Self.end {
            guard let properties = Unicode.Scalar(value)?.properties else { continue }
            let order = properties.canonicalCombiningClass.rawValue
            // Asked last, because it takes longest.
            if order != 0, let age = properties.age, age.major <= 9 { orders[Int(value)] = order }
        }
        var second: UInt32 = 0
        for numbers in Self.items(CompositionData.composed) {
            guard numbers.count == 2 else {
                second = numbers[0]
                noteChange(second)
                continue
            }
            composites[Self.pack(numbers[0], second)] = numbers[1]
            parts[numbers[1]] = (numbers[0], second)
        }
        for numbers in Self.items(CompositionData.decomposed) + Self.items(CompositionData.replaced) {
            parts[numbers[0]] = (numbers[1], numbers.count == 3 ? numbers[2] : 0)
            noteChange(numbers[0])
        }
        for value in Hangul.vowels { noteChange(value) }
        for value in Hangul.tails { noteChange(value) }
    }

    private mutating func noteChange(_ value: UInt32) {
        if orders[Int(value)] == 0 { orders[Int(value)] = Self.mayChange }
    }

    /// The items between white space, as hexadecimal numbers.
    private static func items(_ text: String) -> [[UInt32]] {
        text.utf8.split { $0 == 0x20 || $0 == 0x0A }.map(numbers)
    }

    /// The numbers of an item like `41=C0`.
    private static func numbers(_ item: some Sequence<UInt8>) -> [UInt32] {
        var numbers: [UInt32] = [0]
        for byte in item {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                numbers[numbers.count - 1] = numbers[numbers.count - 1] << 4 | UInt32(byte & 15)
            case UInt8(ascii: "A")...UInt8(ascii: "F"):
                numbers[numbers.count - 1] = numbers[numbers.count - 1] << 4 | UInt32(byte & 15 + 9)
            case UInt8(ascii: "="), UInt8(ascii: "+"): numbers.append(0)
            default: break
            }
        }
        return numbers
    }

    private static func pack(_ first: UInt32, _ second: UInt32) -> UInt64 { UInt64(first) << 32 | UInt64(second) }

    /// Whether a character may move, join the one before it, or be another one in composed form.
    @inline(__always)
    func isRestless(_ value: UInt32) -> Bool {
        value < Self.end && orders.withUnsafeBufferPointer { $0[Int(value)] } != 0
    }

    /// The canonical combining class.
    func order(of value: UInt32) -> UInt8 {
        guard value < Self.end, orders[Int(value)] != Self.mayChange else { return 0 }
        return orders[Int(value)]
    }

    /// Calls `body` with each character of the full decomposition, in order.
    func decompose(_ value: UInt32, _ body: (UInt32) -> Void) {
        if let (lead, vowel, tail) = Hangul.decompose(value) {
            body(lead)
            body(vowel)
            if let tail { body(tail) }
        } else if let (first, second) = parts[value] {
            decompose(first, body)
            if second != 0 { body(second) }
        } else {
            body(value)
        }
    }

    /// What two characters compose to.
    func composite(_ first: UInt32, _ second: UInt32) -> UInt32? {
        Hangul.compose(first, second) ?? composites[Self.pack(first, second)]
    }
}

/// The syllables of Hangul, which decompose by arithmetic. (The Unicode Standard, section 3.12.)
private enum Hangul {
    static let vowels: Range<UInt32> = 0x1161..<0x1176
    static let tails: Range<UInt32> = 0x11A8..<0x11C3
    private static let leads: Range<UInt32> = 0x1100..<0x1113
    private static let syllables: Range<UInt32> = 0xAC00..<0xD7A4

    static func decompose(_ value: UInt32) -> (lead: UInt32, vowel: UInt32, tail: UInt32?)? {
        guard syllables.contains(value) else { return nil }
        let index = value - syllables.lowerBound
        let tail = index % 28
        let pair = index / 28
        return (
            leads.lowerBound + pair / 21, vowels.lowerBound + pair % 21, tail == 0 ? nil : tails.lowerBound + tail - 1
        )
    }

    static func compose(_ first: UInt32, _ second: UInt32) -> UInt32? {
        if leads.contains(first), vowels.contains(second) {
            let pair = (first - leads.lowerBound) * 21 + second - vowels.lowerBound
            return syllables.lowerBound + pair * 28
        }
        guard syllables.contains(first), (first - syllables.lowerBound) % 28 == 0, tails.contains(second) else {
            return nil
        }
        return first + second - tails.lowerBound + 1
    }
}
