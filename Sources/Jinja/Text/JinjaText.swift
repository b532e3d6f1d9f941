// A text in which every character knows where it comes from.

/// Unicode scalars and the origin of each: the template's own text, or one of the values that the template was given.
///
/// Counting, slicing and comparing go by scalars, as Python's strings do. What is made of a text (a slice, its capitals,
/// the pieces that it is split into) keeps the origins.
package struct JinjaText: Sendable {
    package struct Origin: Sendable, Hashable {
        /// 0 for the template's own text, otherwise the number that the caller gave to a value.
        package var source: Int
        /// Whether it was written inside `{% generation %}`.
        package var isGenerated: Bool

        package init(source: Int, isGenerated: Bool = false) {
            self.source = source
            self.isGenerated = isGenerated
        }

        package static let template = Origin(source: 0)
    }

    /// Where a stretch of one origin begins; it ends where the next one begins.
    private struct Run {
        var start: Int
        var origin: Origin
    }

    package private(set) var scalars: [Unicode.Scalar] = []
    /// Ascending; the first begins at 0, and no two neighbours have one origin. Empty for an empty text.
    private var runs: [Run] = []

    package init() {}

    package init(_ string: String, origin: Origin = .template) {
        self.init(Array(string.unicodeScalars), origin: origin)
    }

    package init(_ scalars: [Unicode.Scalar], origin: Origin = .template) {
        self.scalars = scalars
        if !scalars.isEmpty { runs = [Run(start: 0, origin: origin)] }
    }

    package var count: Int { scalars.count }
    package var isEmpty: Bool { scalars.isEmpty }

    package var string: String {
        var result = String.UnicodeScalarView()
        result.append(contentsOf: scalars)
        return String(result)
    }

    /// The stretches of one origin each, in order.
    package var spans: [(range: Range<Int>, origin: Origin)] {
        runs.indices.map { index in
            (runs[index].start..<(index + 1 < runs.count ? runs[index + 1].start : count), runs[index].origin)
        }
    }

    /// - Precondition: `index` is one of 0 … count - 1.
    package func origin(at index: Int) -> Origin { runs[run(at: index)].origin }

    /// The run that holds the character at `index`.
    private func run(at index: Int) -> Int {
        var (low, high) = (0, runs.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if runs[middle].start <= index { low = middle } else { high = middle }
        }
        return low
    }

    package subscript(range: Range<Int>) -> JinjaText {
        guard range != 0..<count else { return self }
        var result = JinjaText()
        guard !range.isEmpty else { return result }
        result.scalars = Array(scalars[range])
        for index in run(at: range.lowerBound)..<runs.count where runs[index].start < range.upperBound {
            let start = max(0, runs[index].start - range.lowerBound)
            result.runs.append(Run(start: start, origin: runs[index].origin))
        }
        return result
    }

    package mutating func append(_ other: JinjaText) {
        guard !isEmpty else {
            self = other
            return
        }
        for run in other.runs where runs[runs.count - 1].origin != run.origin {
            runs.append(Run(start: run.start + count, origin: run.origin))
        }
        scalars += other.scalars
    }

    package mutating func append(_ scalar: Unicode.Scalar, _ origin: Origin) {
        if runs.last?.origin != origin { runs.append(Run(start: count, origin: origin)) }
        scalars.append(scalar)
    }

    package mutating func append(_ string: String, _ origin: Origin = .template) {
        for scalar in string.unicodeScalars { append(scalar, origin) }
    }

    /// The characters at the given places, in that order.
    func picking(_ places: some Sequence<Int>) -> JinjaText {
        var result = JinjaText()
        for place in places { result.append(scalars[place], origin(at: place)) }
        return result
    }

    /// Every character replaced by those that `transform` makes of the one at a place.
    func mapping(_ transform: (Int) -> [Unicode.Scalar]) -> JinjaText {
        var result = JinjaText()
        for (range, origin) in spans {
            for place in range {
                for scalar in transform(place) { result.append(scalar, origin) }
            }
        }
        return result
    }

    /// The same text as written inside `{% generation %}`.
    func generated() -> JinjaText {
        var result = JinjaText()
        for (range, origin) in spans {
            var origin = origin
            origin.isGenerated = true
            result.append(JinjaText(Array(scalars[range]), origin: origin))
        }
        return result
    }
}
