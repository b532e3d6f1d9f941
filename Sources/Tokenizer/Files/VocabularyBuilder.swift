// Gathers the tokens of a file, in whatever order it lists them, into a vocabulary without gaps.

import StrictJSON

struct VocabularyBuilder {
    private let file: String
    private var bytes: [UInt8] = []
    private var tokens: [(range: Range<Int>, written: String)] = []
    /// The place in `tokens` of each id, or -1.
    private var tokenOfID: [Int32] = []

    init(file: String) { self.file = file }

    /// Adds all members of a `{"token": id}` object, written in the byte alphabet.
    ///
    /// - Parameter specialIDs: the tokens whose names stand for themselves instead.
    mutating func add(
        _ object: JSONObject, at place: FilePlace, specialIDs: Set<Int>
    ) throws(TokenizerError) {
        guard object.members.count <= Vocabulary.mostTokens else {
            throw .tooManyTokens(place, count: object.members.count, limit: Vocabulary.mostTokens)
        }
        bytes.reserveCapacity(object.members.count * 8)
        tokens.reserveCapacity(object.members.count)
        for member in object.members {
            let place = FilePlace(file: file, member.keyPosition)
            guard let id = member.value.integer else { throw .invalidID(place, token: member.key) }
            let start = bytes.count
            if specialIDs.contains(id) {
                bytes.append(contentsOf: member.key.utf8)
            } else if let character = ByteAlphabet.decode(member.key.utf8, into: &bytes) {
                throw .foreignCharacter(place, token: member.key, character: character)
            }
            try enter(start..<bytes.count, written: member.key, id: id, at: place)
        }
    }

    /// Adds one token by its bytes.
    mutating func add(
        _ token: [UInt8], written: String, id: Int, at place: FilePlace
    ) throws(TokenizerError) {
        let start = bytes.count
        bytes.append(contentsOf: token)
        try enter(start..<bytes.count, written: written, id: id, at: place)
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

    func build() throws(TokenizerError) -> Vocabulary {
        var vocabulary = Vocabulary()
        for (id, token) in tokenOfID.enumerated() {
            guard token >= 0 else { throw .missingID(file: file, id: id, vocabularySize: tokenOfID.count) }
            vocabulary.append(bytes[tokens[Int(token)].range])
        }
        return vocabulary
    }
}
