// What the split pattern wants to know of a character: letter, number, white space or none of them.

/// The four classes that GPT-2's split pattern tells apart.
enum ScalarClass {
    static let letter: UInt8 = 0
    static let number: UInt8 = 1
    static let space: UInt8 = 2
    static let other: UInt8 = 3
    /// Only in the table of first bytes: the class depends on more than one byte.
    static let undecided: UInt8 = 4
}

/// The class of every Unicode scalar in two levels: 256 scalars share a block, and equal blocks are stored once.
///
/// `\p{L}` and `\p{N}` are the general categories L* and N*, `\s` is the property White_Space. The table is made from
/// the standard library's properties when the first character beyond ASCII is met (a few milliseconds). It is that of
/// Unicode 16, as in the regular expressions of Hugging Face's tokenizers 0.23, whatever the standard library knows:
/// a text has the same ids on every machine.
struct ScalarClasses: Sendable {
    static let shared = ScalarClasses()

    /// No letter, number or space is assigned from here on.
    private static let end = 0x40000

    private let blockOfHighBits: [UInt16]
    private let classes: [UInt8]

    private init() {
        var blockOfHighBits: [UInt16] = []
        var classes: [UInt8] = []
        var placeOfBlock: [[UInt8]: UInt16] = [:]
        for start in stride(from: 0, to: Self.end, by: 256) {
            let block = (start..<start + 256).map { Unicode.Scalar(UInt32($0)).map(Self.classify) ?? ScalarClass.other }
            if let place = placeOfBlock[block] {
                blockOfHighBits.append(place)
            } else {
                let place = UInt16(placeOfBlock.count)
                placeOfBlock[block] = place
                blockOfHighBits.append(place)
                classes += block
            }
        }
        self.blockOfHighBits = blockOfHighBits
        self.classes = classes
    }

    @inline(__always)
    subscript(value: UInt32) -> UInt8 {
        guard value < UInt32(Self.end) else { return ScalarClass.other }
        let block = blockOfHighBits.withUnsafeBufferPointer { $0[Int(value >> 8)] }
        return classes.withUnsafeBufferPointer { $0[Int(block) << 8 | Int(value & 0xFF)] }
    }

    static func classify(_ scalar: Unicode.Scalar) -> UInt8 {
        let properties = scalar.properties
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
            return isEarly(scalar) ? ScalarClass.letter : ScalarClass.other
        case .decimalNumber, .letterNumber, .otherNumber:
            return isEarly(scalar) ? ScalarClass.number : ScalarClass.other
        default: return properties.isWhitespace ? ScalarClass.space : ScalarClass.other
        }
    }

    /// Whether Unicode 16 has the character. Of the large blocks of early versions the library is not asked, for that
    /// takes long.
    private static func isEarly(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case ..<0x80, 0x3400..<0x9FD6, 0xAC00..<0xD7A4, 0x20000..<0x2A6D7: true
        default: scalar.properties.age.map { $0.major <= 16 } ?? false
        }
    }

    /// Numbers that came with Unicode 17. The step that isolates digits knows them, the patterns do not: in Hugging
    /// Face's tokenizers the one asks Rust's standard library, the others a library for regular expressions.
    static func isLateNumber(_ value: UInt32) -> Bool {
        (0x11DE0...0x11DE9).contains(value) || (0x16FF4...0x16FF6).contains(value)
    }

    /// The class of a scalar by its first byte, in 256 entries; bytes from 0x80 on are undecided.
    static let ofFirstBytes: [UInt8] = (UInt8.min...UInt8.max).map { byte in
        byte < 0x80 ? classify(Unicode.Scalar(byte)) : ScalarClass.undecided
    }
}
