// Tables of rotary positions, made when a pass needs them.

import Kernels

/// One table for all blocks whose frequencies are equal. A table grows with the longest sequence seen: the context of
/// today's models is far longer than most texts.
final class RotaryTables {
    private let frequencies: [RotaryFrequencies?]
    private let contextLength: Int
    private var tables: [(frequencies: RotaryFrequencies, table: RotaryTable)] = []

    init(_ architecture: Architecture) {
        frequencies = architecture.blocks.map(\.attention.rotary)
        contextLength = architecture.contextLength
    }

    /// The table of a block for positions below `count`; nil where the block has no rotary positions.
    func table(block: Int, positions count: Int) -> RotaryTable? {
        guard let wanted = frequencies[block] else { return nil }
        let place = tables.firstIndex { $0.frequencies == wanted }
        if let place, tables[place].table.context >= count { return tables[place].table }
        let table = RotaryTable(wanted, context: RotaryTables.length(for: count, contextLength))
        if let place { tables[place].table = table } else { tables.append((wanted, table)) }
        return table
    }

    /// Positions that a table has: powers of two, up to the context.
    private static func length(for count: Int, _ contextLength: Int) -> Int {
        var length = 256
        while length < count { length *= 2 }
        return max(count, min(length, contextLength))
    }

    /// Floats that the tables take for sequences of `count` positions, for estimates.
    static func floatCount(_ architecture: Architecture, positions count: Int) -> Int {
        var widths: [RotaryFrequencies] = []
        for case let wanted? in architecture.blocks.map(\.attention.rotary) where !widths.contains(wanted) {
            widths.append(wanted)
        }
        let length = length(for: min(count, architecture.contextLength), architecture.contextLength)
        return widths.reduce(0) { $0 + length * $1.width }
    }
}
