// Everything about a vocabulary that encoding reads, and nothing that it writes.

/// Tables made of a tokenizer's parts.
///
/// Written in the initialiser only and freed with the object, so sharing it between threads is safe.
final class EncodingTables: @unchecked Sendable {
    let pairs: PairTable
    let hasMerges: Bool
    /// 256 ids, -1 for a byte that has no token of its own.
    let tokenOfByte: UnsafePointer<Int32>
    /// The tokens of characters, where merging begins with characters; nil where it begins with bytes.
    let characters: CharacterTable?
    /// Characters that have no token but stand in longer ones. Their ids follow those of the vocabulary; what is left
    /// of them after merging becomes the tokens of their bytes.
    let bareCharacters: [UInt32]
    let vocabularyCount: Int
    /// 256 classes, for the scanner.
    let classOfFirstByte: UnsafePointer<UInt8>
    /// The pattern that cuts a text, if one does.
    let rules: PieceRules?
    /// 256 entries for `SpaceScanner`, where spaces are marked.
    let cutsAfter: UnsafePointer<Bool>?
    /// Finds pieces that are tokens as they stand, where those are not merged.
    let unmergedPieces: VocabularyIndex?
    /// The token for what the vocabulary lacks, or -1.
    let unknownID: Int32
    let fusesUnknown: Bool
    let refusesMissingBytes: Bool

    init(_ parts: TokenizerParts) {
        let symbols = Symbols(parts)
        pairs = PairTable(parts.merges)
        hasMerges = !parts.merges.isEmpty
        tokenOfByte = Self.copy(symbols.tokenOfByte)
        characters = parts.form.marks == nil ? nil : CharacterTable(symbols.tokenOfScalar)
        bareCharacters = parts.bareCharacters
        vocabularyCount = parts.vocabulary.count
        classOfFirstByte = Self.copy(ScalarClasses.ofFirstBytes)
        rules = PieceRules(parts.split)
        cutsAfter = parts.form.marks.map { Self.copy(symbols.cuts(parts, marks: $0)) }
        let outside = parts.outsideModel
        unmergedPieces =
            parts.model.leavesTokensUnmerged ? VocabularyIndex(parts.vocabulary, excluding: outside) : nil
        unknownID = parts.model.unknownID.map { Int32($0) } ?? -1
        fusesUnknown = parts.model.fusesUnknown
        refusesMissingBytes = parts.refusesMissingBytes
    }

    deinit {
        tokenOfByte.deallocate()
        classOfFirstByte.deallocate()
        cutsAfter?.deallocate()
    }

    private static func copy<Element>(_ elements: [Element]) -> UnsafePointer<Element> {
        let copy = UnsafeMutablePointer<Element>.allocate(capacity: elements.count)
        copy.initialize(from: elements, count: elements.count)
        return UnsafePointer(copy)
    }
}

/// The tokens with which merging begins.
private struct Symbols {
    var tokenOfByte = [Int32](repeating: -1, count: 256)
    var tokenOfScalar: [UInt32: Int32] = [:]

    init(_ parts: TokenizerParts) {
        let outside = parts.outsideModel
        let vocabulary = parts.vocabulary
        for id in 0..<vocabulary.count where !outside.contains(id) {
            let length = vocabulary.length(of: id)
            if let written = parts.written {
                if length == 1, parts.model.fallsBackToBytes, let byte = ByteToken.byte(of: written.token(id)) {
                    tokenOfByte[Int(byte)] = Int32(id)
                } else if let scalar = Self.onlyScalar(of: vocabulary.token(id), written: written.token(id)) {
                    tokenOfScalar[scalar] = Int32(id)
                }
            } else if length == 1 {
                tokenOfByte[Int(vocabulary.bytes[vocabulary.range(of: id).lowerBound])] = Int32(id)
            }
        }
        for (place, scalar) in parts.bareCharacters.enumerated() {
            tokenOfScalar[scalar] = Int32(vocabulary.count + place)
        }
    }

    /// The scalar that a token consists of. A token written with a space is never met: spaces are marked.
    private static func onlyScalar(of token: ArraySlice<UInt8>, written: ArraySlice<UInt8>) -> UInt32? {
        token.withUnsafeBufferPointer { bytes -> UInt32? in
            guard let base = bytes.baseAddress, bytes.count <= 4, bytes[0] != 0x20 || written.count == 3,
                let (value, width) = UTF8Scalar.next(base, available: bytes.count), width == bytes.count
            else { return nil }
            return value
        }
    }

    /// The bytes after which a text may be cut before a space, because no merge joins a token that ends with such a
    /// byte to one that begins with a space.
    func cuts(_ parts: TokenizerParts, marks: SpaceMarks) -> [Bool] {
        if marks.cuts { return [Bool](repeating: true, count: 256) }
        var result = [Bool](repeating: true, count: 256)
        let opaque = Set(tokenOfByte + [parts.model.unknownID.map { Int32($0) } ?? -1])
        for merge in parts.merges {
            // What stands in the text for such a token cannot be told from it.
            if opaque.contains(merge.left) || opaque.contains(merge.right) {
                return [Bool](repeating: false, count: 256)
            }
            guard merge.right < parts.vocabulary.count, parts.vocabulary.token(Int(merge.right)).first == 0x20,
                let last = lastByte(of: Int(merge.left), parts)
            else { continue }
            result[Int(last)] = false
        }
        return result
    }

    private func lastByte(of id: Int, _ parts: TokenizerParts) -> UInt8? {
        let count = parts.vocabulary.count
        guard id >= count else { return parts.vocabulary.token(id).last }
        return Unicode.Scalar(parts.bareCharacters[id - count]).flatMap { Array(String($0).utf8).last }
    }
}

/// Tokens that stand for one byte where tokens consist of characters: `<0x0A>`.
enum ByteToken {
    private static let names: [[UInt8]: UInt8] = {
        let digits = Array("0123456789ABCDEF".utf8)
        let names = (UInt8.min...UInt8.max).map { byte in
            (Array("<0x".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]] + Array(">".utf8), byte)
        }
        return Dictionary(uniqueKeysWithValues: names)
    }()

    static func byte(of written: some Collection<UInt8>) -> UInt8? {
        written.count == 6 ? names[Array(written)] : nil
    }
}
