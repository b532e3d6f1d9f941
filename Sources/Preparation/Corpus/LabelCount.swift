// The distinct answers, as long as there are few enough to be labels.

/// Answers that could be labels, with how often each occurs.
struct LabelCount: Sendable {
    /// More distinct answers, or longer ones, are no labels.
    static let mostLabels = 512
    static let longestLabel = 80

    struct Label: Sendable {
        var text: [UInt8]
        var count: Int
    }

    private(set) var labels: [UInt64: Label] = [:]
    /// Whether some answers are not counted.
    private(set) var isOpen = false

    mutating func add(_ text: [UInt8], hash: UInt64) {
        guard !isOpen else { return }
        guard text.count <= LabelCount.longestLabel else { return close() }
        if labels[hash] != nil {
            labels[hash]?.count += 1
        } else if labels.count < LabelCount.mostLabels {
            labels[hash] = Label(text: text, count: 1)
        } else {
            close()
        }
    }

    mutating func add(_ other: LabelCount) {
        guard !isOpen, !other.isOpen else { return close() }
        for (hash, label) in other.labels {
            labels[hash, default: Label(text: label.text, count: 0)].count += label.count
        }
        if labels.count > LabelCount.mostLabels { close() }
    }

    /// Gives the counting up: the answers are no labels.
    mutating func close() {
        isOpen = true
        labels = [:]
    }

    /// The labels in the order of their frequency, equally frequent ones in that of their bytes.
    var byFrequency: [Label] {
        labels.values.sorted {
            $0.count != $1.count ? $0.count > $1.count : $0.text.lexicographicallyPrecedes($1.text)
        }
    }
}
