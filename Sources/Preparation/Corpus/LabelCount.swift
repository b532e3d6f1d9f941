// Counts distinct answers, as long as there are few enough to be labels.

/// Answers that could be labels, with their frequency.
struct LabelCount: Sendable {
    /// With more distinct answers, or longer ones, answers are not labels.
    static let mostLabels = 512
    static let longestLabel = 80

    struct Label: Sendable {
        var text: [UInt8]
        var count: Int
    }

    private(set) var labels: [UInt64: Label] = [:]
    /// Whether the answers are not labels, so counting has stopped.
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

    /// Stops counting: the answers are not labels.
    mutating func close() {
        isOpen = true
        labels = [:]
    }

    /// The labels by descending frequency; equally frequent ones by their bytes.
    var byFrequency: [Label] {
        labels.values.sorted {
            $0.count != $1.count ? $0.count > $1.count : $0.text.lexicographicallyPrecedes($1.text)
        }
    }
}
