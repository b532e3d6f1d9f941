// Gathers the tokens of a file, in whatever order it lists them, into a vocabulary.

import StrictJSON

/// How a file writes tokens.
enum TokenSpelling {
    /// GPT-2's byte alphabet.
    case byteAlphabet
    /// Characters with ▁ for a space; tokens like `<0x0A>` stand for bytes where there is a fallback to them.
    case marked(fallsBackToBytes: Bool)
}

struct VocabularyBuilder {
    private let file: String
    private let spelling: TokenSpelling
    private var bytes: [UInt8] = []
    private var tokens: [(range: Range<Int>, written: String)] = []
    /// The place in `tokens` of each id, or -1.
    private var tokenOfID: [Int32] = []

    init(file: String, spelling: TokenSpelling) {
        self.file = file
        self.spelling = spelling
    }

    /// Adds all members of a `{"token": id}` object.
    ///
    /// - Parameter literal: the tokens whose names stand for themselves, whatever the spelling.
    mutating func add(
        _ object: JSONObject, at place: FilePlace, literal: Set<Int>
    ) throws(TokenizerError) {
        guard object.members.count <= Vocabulary.mostTokens else {
            throw .tooManyTokens(place, count: object.members.count, limit: Vocabulary.mostTokens)
        }
        bytes.reserveCapacity(object.members.count * 8)
        tokens.reserveCapacity(object.members.count)
        for member in object.members {
            let place = FilePlace(file: file, member.keyPosition)
            guard let id = member.value.integer else { throw .invalidID(place, token: member.key) }
            if literal.contains(id) {
                try addLiteral(member.key, id: id, at: place)
            } else {
                try add(member.key, id: id, at: place)
            }
        }
    }

    /// Adds one token as the spelling writes it.
    mutating func add(_ written: String, id: Int, at place: FilePlace) throws(TokenizerError) {
        let start = bytes.count
        switch spelling {
        case .byteAlphabet:
            if let character = ByteAlphabet.decode(written.utf8, into: &bytes) {
                throw .foreignCharacter(place, token: written, character: character)
            }
        case .marked(let fallsBackToBytes):
            if fallsBackToBytes, let byte = ByteToken.byte(of: written.utf8) {
                bytes.append(byte)
            } else {
                append(unmarked: written)
            }
        }
        try enter(start..<bytes.count, written: written, id: id, at: place)
    }

    /// Adds one token by its name, or by what the name stands for.
    mutating func addLiteral(
        _ name: String, standingFor text: [UInt8]? = nil, id: Int, at place: FilePlace
    ) throws(TokenizerError) {
        let start = bytes.count
        switch spelling {
        case _ where text != nil: bytes.append(contentsOf: text ?? [])
        case .byteAlphabet: bytes.append(contentsOf: name.utf8)
        case .marked: append(unmarked: name)
        }
        try enter(start..<bytes.count, written: name, id: id, at: place)
    }

    private mutating func append(unmarked text: String) {
        let text = Array(text.utf8)
        bytes.append(contentsOf: text.withUnsafeBufferPointer { SpaceMarks.replacingMarks(in: $0) } ?? text)
    }

    private mutating func enter(
        _ range: Range<Int>, written: String, id: Int, at place: FilePlace
    ) throws(TokenizerError) {
        guard !range.isEmpty else { throw .emptyToken(place) }
        guard range.count <= Vocabulary.longestToken else {
            throw .tokenTooLong(place, bytes: range.count, limit: Vocabulary.longestToken)
        }
        guard (0..<Vocabulary.mostTokens).contains(id) else { throw .invalidID(place, token: written) }
        while tokenOfID.count <= id { tokenOfID.append(-1) }
        guard tokenOfID[id] < 0 else {
            throw .duplicateID(place, token: written, id: id, other: tokens[Int(tokenOfID[id])].written)
        }
        tokenOfID[id] = Int32(tokens.count)
        tokens.append((range, written))
    }

    /// What the tokens stand for, and how the file writes them. Ids that no token has are gaps.
    func build() -> (vocabulary: Vocabulary, written: Vocabulary) {
        var (vocabulary, written) = (Vocabulary(), Vocabulary())
        for token in tokenOfID {
            vocabulary.append(token < 0 ? [] : bytes[tokens[Int(token)].range])
            written.append(token < 0 ? [] : Array(tokens[Int(token)].written.utf8))
        }
        return (vocabulary, written)
    }
}
