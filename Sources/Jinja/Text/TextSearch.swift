// Finding one text in another in time linear in both lengths (Knuth, Morris and Pratt, 1977).

/// A text to look for.
struct TextSearch {
    private let needle: [Unicode.Scalar]
    /// For each prefix of the needle, the length of its longest proper prefix that also ends it.
    private let fallback: [Int]

    /// - Precondition: `needle` is not empty.
    init(_ needle: [Unicode.Scalar]) {
        var fallback = [Int](repeating: 0, count: needle.count)
        var length = 0
        for place in 1..<max(1, needle.count) {
            while length > 0, needle[place] != needle[length] { length = fallback[length - 1] }
            if needle[place] == needle[length] { length += 1 }
            fallback[place] = length
        }
        self.needle = needle
        self.fallback = fallback
    }

    /// Where the needle begins in `text`, from left to right.
    ///
    /// - Parameters:
    ///   - overlapping: whether an occurrence may begin inside the one before.
    ///   - limit: the most that are returned.
    func places(in text: [Unicode.Scalar], overlapping: Bool = false, limit: Int = .max) -> [Int] {
        var places: [Int] = []
        var length = 0
        for (place, scalar) in text.enumerated() {
            guard places.count < limit else { break }
            while length > 0, scalar != needle[length] { length = fallback[length - 1] }
            if scalar == needle[length] { length += 1 }
            guard length == needle.count else { continue }
            places.append(place + 1 - length)
            length = overlapping ? fallback[length - 1] : 0
        }
        return places
    }
}
