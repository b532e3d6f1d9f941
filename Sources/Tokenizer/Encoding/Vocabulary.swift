// The tokens of a vocabulary as bytes, and the way from bytes back to ids.

/// The bytes of tokens 0 … count - 1, one after another in one array.
struct Vocabulary: Sendable, Equatable {
    /// The most tokens that a vocabulary may have.
    static let mostTokens = 1 << 20
    /// The most bytes that a token may have; GPT-2's longest has 128.
    static let longestToken = 1024

    private(set) var bytes: [UInt8] = []
    private(set) var ends: [Int] = []

    var count: Int { ends.count }

    /// The tokens 0 … count - 1.
    func prefix(_ count: Int) -> Vocabulary {
        var result = Vocabulary()
        result.ends = Array(ends.prefix(count))
        result.bytes = Array(bytes.prefix(result.ends.last ?? 0))
        return result
    }

    mutating func append(_ token: some Collection<UInt8>) {
        bytes.append(contentsOf: token)
        ends.append(bytes.count)
    }

    func range(of id: Int) -> Range<Int> { (id == 0 ? 0 : ends[id - 1])..<ends[id] }

    func token(_ id: Int) -> ArraySlice<UInt8> { bytes[range(of: id)] }

    func length(of id: Int) -> Int { range(of: id).count }

    /// Whether the id is neither out of range nor a gap.
    func hasToken(_ id: Int) -> Bool { (0..<count).contains(id) && length(of: id) > 0 }
}

/// From bytes to ids, in an open-addressing table with the standard library's seeded hash, so that no file can be made
/// to collide.
struct VocabularyIndex: Sendable {
    private let vocabulary: Vocabulary
    private var slots: [Int32]

    /// - Parameter excluded: tokens that are never found, as are gaps in the ids.
    init(_ vocabulary: Vocabulary, excluding excluded: Set<Int>) {
        self.vocabulary = vocabulary
        var capacity = 16
        while capacity < vocabulary.count * 2 { capacity *= 2 }
        slots = [Int32](repeating: -1, count: capacity)
        for id in 0..<vocabulary.count where !excluded.contains(id) && vocabulary.length(of: id) > 0 {
            var slot = Self.hash(vocabulary.token(id)) & (capacity - 1)
            while slots[slot] >= 0 { slot = (slot + 1) & (capacity - 1) }
            slots[slot] = Int32(id)
        }
    }

    func id(of token: ArraySlice<UInt8>) -> Int? {
        token.withUnsafeBufferPointer { id(of: $0) }
    }

    func id(of token: UnsafeBufferPointer<UInt8>) -> Int? {
        var slot = Self.hash(token) & (slots.count - 1)
        while slots[slot] >= 0 {
            let id = Int(slots[slot])
            if vocabulary.length(of: id) == token.count, vocabulary.token(id).elementsEqual(token) { return id }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    private static func hash(_ token: ArraySlice<UInt8>) -> Int { token.withUnsafeBufferPointer { hash($0) } }

    private static func hash(_ token: UnsafeBufferPointer<UInt8>) -> Int {
        var hasher = Hasher()
        hasher.combine(bytes: UnsafeRawBufferPointer(token))
        return hasher.finalize()
    }
}
