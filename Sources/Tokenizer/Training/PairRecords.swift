// The pairs of neighbouring tokens during training: how often each stands in the texts, and where.

/// One pair: its weighted count, always exact, and the places where it stood when it arose.
///
/// A pair's places are all found in the step in which its younger token arises; later ones only take some away. So
/// the list never grows, and its first valid place only moves forward.
struct PairRecord {
    let left: Int32
    let right: Int32
    var count: Int
    /// The part of the common list of places that is not yet known to be out of date.
    var firstPlace: Int
    let placesEnd: Int
}

/// A table from pairs to records, which are never removed.
struct PairRecords {
    private(set) var records: [PairRecord] = []
    private var slots = [Int32](repeating: -1, count: 1 << 12)
    private let multiplier = PairTable.randomMultiplier()

    mutating func append(_ record: PairRecord) -> Int {
        records.append(record)
        if records.count * 2 > slots.count {
            slots = [Int32](repeating: -1, count: slots.count * 2)
            for place in records.indices { enter(place) }
        } else {
            enter(records.count - 1)
        }
        return records.count - 1
    }

    func index(_ left: Int32, _ right: Int32) -> Int? {
        var slot = hash(left, right) & (slots.count - 1)
        while slots[slot] >= 0 {
            let place = Int(slots[slot])
            if records[place].left == left, records[place].right == right { return place }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    subscript(index: Int) -> PairRecord {
        get { records[index] }
        _modify { yield &records[index] }
    }

    private mutating func enter(_ place: Int) {
        var slot = hash(records[place].left, records[place].right) & (slots.count - 1)
        while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = Int32(place)
    }

    private func hash(_ left: Int32, _ right: Int32) -> Int {
        let product = PairTable.pack(left, right).multipliedFullWidth(by: multiplier)
        return Int(truncatingIfNeeded: product.high ^ product.low)
    }
}
