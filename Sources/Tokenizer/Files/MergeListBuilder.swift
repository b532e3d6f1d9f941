// Gathers merges in the order of their rank, each checked against the vocabulary.

struct MergeListBuilder {
    private let index: VocabularyIndex
    private var rankOfPair: [UInt64: Int] = [:]
    private var places: [(line: Int?, column: Int?)] = []
    private(set) var merges: [Merge] = []

    /// - Parameters:
    ///   - written: the vocabulary as the file writes it.
    ///   - outside: tokens that merges cannot name.
    init(written: Vocabulary, outside: Set<Int>) {
        index = VocabularyIndex(written, excluding: outside)
    }

    /// Adds a merge written as two tokens with one space between.
    mutating func add(_ line: ArraySlice<UInt8>, at place: FilePlace) throws(TokenizerError) {
        guard let space = line.firstIndex(of: 0x20), space > line.startIndex, space + 1 < line.endIndex,
            !line[(space + 1)...].contains(0x20)
        else { throw .malformedMerge(place, text: Self.shown(line)) }
        try add(line[..<space], line[(space + 1)...], at: place)
    }

    /// Adds a merge of two tokens as the file writes them.
    mutating func add(
        _ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>, at place: FilePlace
    ) throws(TokenizerError) {
        let merge = { Self.shown(left) + " " + Self.shown(right) }
        guard let leftID = index.id(of: left) else {
            throw .unknownMergePart(place, merge: merge(), part: Self.shown(left))
        }
        guard let rightID = index.id(of: right) else {
            throw .unknownMergePart(place, merge: merge(), part: Self.shown(right))
        }
        guard let resultID = index.id(of: left + right) else {
            throw .unknownMergeResult(place, merge: merge(), result: Self.shown(left) + Self.shown(right))
        }
        let pair = PairTable.pack(Int32(leftID), Int32(rightID))
        if let first = rankOfPair.updateValue(merges.count, forKey: pair) {
            let firstPlace = FilePlace(file: place.file, line: places[first].line, column: places[first].column)
            throw .duplicateMerge(place, merge: merge(), first: firstPlace)
        }
        merges.append(
            Merge(left: Int32(leftID), right: Int32(rightID), result: Int32(resultID), rank: merges.count))
        places.append((place.line, place.column))
    }

    private static func shown(_ text: ArraySlice<UInt8>) -> String {
        String(decoding: text.prefix(80), as: UTF8.self) + (text.count > 80 ? "…" : "")
    }
}
