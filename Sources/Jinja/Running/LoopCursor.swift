// The variable `loop`, and the values that a loop visits.

/// The state of a loop. Values are fetched one at a time, since a condition may depend on what earlier rounds did.
package final class LoopCursor {
    private let source: ValueIterator
    /// Whether a value counts; nil where all do.
    private let accepts: ((JinjaValue) throws(JinjaError) -> Bool)?
    /// The values that were fetched before their round.
    private var ahead: [JinjaValue] = []
    private var aheadPlace = 0
    private var isDrained = false

    /// The number of the round, from 0; -1 before the first.
    private(set) var index = -1
    private var previous: JinjaValue?
    private var current: JinjaValue?

    init(_ source: ValueIterator, accepts: ((JinjaValue) throws(JinjaError) -> Bool)?) {
        self.source = source
        self.accepts = accepts
    }

    private func pull() throws(JinjaError) -> JinjaValue? {
        while let value = source.next() {
            guard let accepts else { return value }
            if try accepts(value) { return value }
        }
        isDrained = true
        return nil
    }

    /// The value of the next round; nil when the loop is over.
    func advance() throws(JinjaError) -> JinjaValue? {
        let next: JinjaValue?
        if aheadPlace < ahead.count {
            next = ahead[aheadPlace]
            aheadPlace += 1
        } else {
            next = isDrained ? nil : try pull()
        }
        guard let next else { return nil }
        index += 1
        (previous, current) = (current, next)
        return next
    }

    private func peek() throws(JinjaError) -> JinjaValue? {
        if aheadPlace == ahead.count, !isDrained, let value = try pull() { ahead.append(value) }
        return aheadPlace < ahead.count ? ahead[aheadPlace] : nil
    }

    /// How many rounds there are.
    func length() throws(JinjaError) -> Int {
        while !isDrained, let value = try pull() { ahead.append(value) }
        return index + 1 + ahead.count - aheadPlace
    }

    /// An attribute of `loop`; nil where there is none of that name.
    func attribute(_ name: String) throws(JinjaError) -> JinjaValue? {
        switch name {
        case "index": .integer(index + 1)
        case "index0": .integer(index)
        case "first": .boolean(index == 0)
        case "last": .boolean(try peek() == nil)
        case "length": .integer(try length())
        case "revindex": .integer(try length() - index)
        case "revindex0": .integer(try length() - index - 1)
        case "previtem": previous ?? .undefined("there is no previous item")
        case "nextitem": try peek() ?? .undefined("there is no next item")
        // Only recursive loops are deeper.
        case "depth": .integer(1)
        case "depth0": .integer(0)
        default: nil
        }
    }
}
