// Unicode's composed form (NFC), as Hugging Face's tokenizers know it.

/// Composes the characters of a text: e and ´ become é. (Unicode Standard Annex 15.)
///
/// Hugging Face's tokenizers 0.23 know the characters of Unicode 9; later ones neither move nor compose. Most texts are
/// composed already, which a look at each character shows; only what lies around others is worked on.
enum Composition {
    /// The composed text, or nil where nothing changes. Bytes that are not UTF-8 stay as they are.
    static func composed(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        guard let base = text.baseAddress else { return nil }
        var result: [UInt8] = []
        var copied = 0
        while let span = nextSpan(base, text.count, from: copied) {
            if result.isEmpty { result.reserveCapacity(text.count) }
            result.append(contentsOf: text[copied..<span.lowerBound])
            appendComposed(base, span, to: &result)
            copied = span.upperBound
        }
        guard copied > 0 else { return nil }
        result.append(contentsOf: text[copied...])
        return result
    }

    /// The next part of the text that may change: from the character before the first that may move or compose, up to
    /// two in a row that do not.
    private static func nextSpan(_ base: UnsafePointer<UInt8>, _ count: Int, from start: Int) -> Range<Int>? {
        var (previous, place) = (start, start)
        var found: (start: Int, end: Int)?
        while place < count {
            if found == nil, place + 8 <= count, isASCII(base + place) {
                place += 8
                previous = place - 1
                continue
            }
            if base[place] < 0xCC {
                // Nothing below U+0300 moves or composes with what stands before.
                if let found, previous >= found.end { return found.start..<found.end }
                previous = place
                place += 1
                while place < count, base[place] & 0xC0 == 0x80 { place += 1 }
                continue
            }
            let scalar = UTF8Scalar.decode(base + place, available: count - place)
            let width = scalar?.width ?? 1
            if let scalar, CompositionTable.shared.isRestless(scalar.value) {
                found = (found?.start ?? previous, place + width)
            } else {
                if let found, previous >= found.end { return found.start..<found.end }
                previous = place
            }
            place += width
        }
        return found.map { $0.start..<$0.end }
    }

    /// Whether the next eight bytes are all ASCII.
    @inline(__always)
    private static func isASCII(_ bytes: UnsafePointer<UInt8>) -> Bool {
        UnsafeRawPointer(bytes).loadUnaligned(as: UInt64.self) & 0x8080_8080_8080_8080 == 0
    }

    /// A character on its way to its place, or a byte that is no part of one.
    private struct Item {
        var value: UInt32
        /// The canonical combining class: 0 for what never moves.
        var order: UInt8
    }

    /// Bytes that are not UTF-8 are numbered from here on, behind all characters.
    private static let firstByte: UInt32 = 0x110000

    private static func appendComposed(
        _ base: UnsafePointer<UInt8>, _ span: Range<Int>, to result: inout [UInt8]
    ) {
        let table = CompositionTable.shared
        var items: [Item] = []
        var place = span.lowerBound
        while place < span.upperBound {
            if let (value, width) = UTF8Scalar.next(base + place, available: span.upperBound - place) {
                table.decompose(value) { items.append(Item(value: $0, order: table.order(of: $0))) }
                place += width
            } else {
                items.append(Item(value: firstByte + UInt32(base[place]), order: 0))
                place += 1
            }
        }
        order(&items)
        compose(&items, table)
        for item in items {
            if let scalar = Unicode.Scalar(item.value) {
                result.append(contentsOf: UTF8.encode(scalar).unsafelyUnwrapped)
            } else {
                result.append(UInt8(item.value - firstByte))
            }
        }
    }

    /// Sorts marks in a row by their class; equal ones stay in their order.
    private static func order(_ items: inout [Item]) {
        var start = 0
        while start < items.count {
            var end = start
            while end < items.count, items[end].order != 0 { end += 1 }
            if end - start > 1 {
                // A stable sort by way of the places, so that many marks take n log n steps.
                let sorted = (start..<end).sorted { (items[$0].order, $0) < (items[$1].order, $1) }.map { items[$0] }
                items.replaceSubrange(start..<end, with: sorted)
            }
            start = end + 1
        }
    }

    /// Joins each starter with the marks behind it that none of the same or a higher class keeps from it.
    private static func compose(_ items: inout [Item], _ table: CompositionTable) {
        var count = 0
        var starter: Int?
        var lastOrder: UInt8 = 0
        for item in items {
            if let starter, count == starter + 1 || (lastOrder < item.order && lastOrder != 0),
                let joined = table.composite(items[starter].value, item.value)
            {
                items[starter].value = joined
                continue
            }
            if item.order == 0 { starter = count }
            lastOrder = item.order
            items[count] = item
            count += 1
        }
        items.removeLast(items.count - count)
    }
}
