// Gathers merges in the order of their rank, each checked against the vocabulary.

struct MergeListBuilder {
    private let vocabulary: Vocabulary
    private let index: VocabularyIndex
    private var rankOfPair: [UInt64: Int] = [:]
    private var places: [(line: Int?, column: Int?)] = []
    private(set) var merges: [Merge] = []

    init(vocabulary: Vocabulary, special: Set<Int>) {
        self.vocabulary = vocabulary
        index = VocabularyIndex(vocabulary, excluding: special)
    }

    /// Adds a merge written as two tokens with one space between.
    mutating func add(_ line: ArraySlice<UInt8>, at place: FilePlace) throws(TokenizerError) {
        guard let space = line.firstIndex(of: 0x20), space > line.startIndex, space + 1 < line.endIndex,
            !line[(space + 1)...].contains(0x20)
        else { throw .malformedMerge(place, text: Self.shown(line)) }
        try add(line[..<space], line[(space + 1)...], at: place)
    }

    /// Adds a merge of two tokens written in the byte alphabet.
    mutating func add(
        _ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>, at place: FilePlace
    ) throws(TokenizerError) {
        var bytes: [UInt8] = []
        let merge = { Self.shown(left) + " " + Self.shown(right) }
        guard ByteAlphabet.decode(left, into: &bytes) == nil, let leftID = index.id(of: bytes[...]) else {
            throw .unknownMergePart(place, merge: merge(), part: Self.shown(left))
        }
        let middle = bytes.count
        guard ByteAlphabet.decode(right, into: &bytes) == nil, let rightID = index.id(of: bytes[middle...]) else {
            throw .unknownMergePart(place, merge: merge(), part: Self.shown(right))
        }
        guard let resultID = index.id(of: bytes[...]) else {
            throw .unknownMergeResult(place, merge: merge(), result: Self.shown(left) + Self.shown(right))
        }
        let pair = PairTable.pack(Int32(leftID), Int32(rightID))
        if let first = rankOfPair.updateValue(merges.count, forKey: pair) {
            let firstPlace = FilePlace(file: place.file, line: places[first].line, column: places[first].column)
            throw .duplicateMerge(place, merge: merge(), first: firstPlace)
        }
        guard merges.count < vocabulary.count else {
            throw .tooManyMerges(place, count: merges.count + 1, vocabularySize: vocabulary.count)
        }
        merges.append(Merge(left: Int32(leftID), right: Int32(rightID), result: Int32(resultID)))
        places.append((place.line, place.column))
    }

    private static func shown(_ text: ArraySlice<UInt8>) -> String {
        String(decoding: text.prefix(80), as: UTF8.self) + (text.count > 80 ? "…" : "")
    }
}
