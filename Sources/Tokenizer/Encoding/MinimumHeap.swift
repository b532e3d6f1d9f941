// A binary heap of 64-bit keys in memory of fixed size.

/// The smallest key first. The owner calls `deallocate`.
struct MinimumHeap {
    private let keys: UnsafeMutablePointer<UInt64>
    private var count = 0

    init(capacity: Int) { keys = .allocate(capacity: capacity) }

    func deallocate() { keys.deallocate() }

    /// Adds a key without keeping the order; `order` must follow the last one.
    mutating func appendUnordered(_ key: UInt64) {
        keys[count] = key
        count += 1
    }

    mutating func order() {
        for place in stride(from: count / 2 - 1, through: 0, by: -1) { sink(keys[place], from: place) }
    }

    mutating func push(_ key: UInt64) {
        var place = count
        count += 1
        while place > 0 {
            let parent = (place - 1) / 2
            guard keys[parent] > key else { break }
            keys[place] = keys[parent]
            place = parent
        }
        keys[place] = key
    }

    mutating func popMinimum() -> UInt64? {
        guard count > 0 else { return nil }
        let minimum = keys[0]
        count -= 1
        if count > 0 { sink(keys[count], from: 0) }
        return minimum
    }

    private func sink(_ key: UInt64, from start: Int) {
        var place = start
        while true {
            var child = 2 * place + 1
            guard child < count else { break }
            if child + 1 < count, keys[child + 1] < keys[child] { child += 1 }
            guard keys[child] < key else { break }
            keys[place] = keys[child]
            place = child
        }
        keys[place] = key
    }
}
