// Splits data into training, validation and test if no separate files are given.

import Kernels

/// The three parts of a run's data.
package enum Split: String, Sendable, CaseIterable {
    case train, validation, test
}

/// Fractions and seed of a split.
package struct SplitFractions: Sendable, Equatable {
    /// Fractions of all data, in 0 ..< 1.
    package var validation: Double
    package var test: Double
    /// Chooses which documents are held out. Streams do not depend on it: their end is held out.
    package var seed: UInt64

    package init(validation: Double, test: Double, seed: UInt64) {
        self.validation = validation
        self.test = test
        self.seed = seed
    }

    /// Splits `documents`, which keep their order in each part.
    ///
    /// A stream is cut at character boundaries into training, validation and test, in this order. All other documents
    /// are assigned at random by the seed.
    package func divide(_ documents: [Document]) throws(DatasetError) -> [Split: [Document]] {
        guard validation >= 0, test >= 0, validation + test < 1 else {
            throw .fractionsTooLarge(validation: validation, test: test)
        }
        var parts: [Split: [Document]] = [:]
        var others: [Document] = []
        for document in documents {
            if case .stream(let bytes) = document.content {
                for (split, piece) in cut(document, bytes) { parts[split, default: []].append(piece) }
            } else {
                others.append(document)
            }
        }
        for (split, drawn) in draw(others) { parts[split, default: []] += drawn }
        return parts
    }

    private func cut(_ document: Document, _ bytes: [UInt8]) -> [(Split, Document)] {
        let count = bytes.count
        let first = boundary(Int(Double(count) * (1 - validation - test)), in: bytes)
        let second = test > 0 ? boundary(Int(Double(count) * (1 - test)), in: bytes) : count
        let ranges: [(Split, Range<Int>)] = [
            (.train, 0..<first), (.validation, first..<second), (.test, second..<count),
        ]
        return ranges.filter { !$0.1.isEmpty }.map { split, range in
            let line = document.line + bytes[..<range.lowerBound].count { $0 == 0x0A }
            return (split, Document(path: document.path, line: line, content: .stream(Array(bytes[range]))))
        }
    }

    private func draw(_ documents: [Document]) -> [Split: [Document]] {
        let count = documents.count
        let validationCount = share(validation, of: count)
        let testCount = min(share(test, of: count), max(0, count - validationCount - 1))
        var generator = SplitMix64(seed: seed, stream: 0x5EED)
        let order = generator.permutation(count)
        var split = [Split](repeating: .train, count: count)
        for index in order.prefix(validationCount) { split[Int(index)] = .validation }
        for index in order.dropFirst(validationCount).prefix(testCount) { split[Int(index)] = .test }
        return Dictionary(grouping: documents.indices) { split[$0] }.mapValues { $0.map { documents[$0] } }
    }

    /// At least one if the fraction is not zero and another document remains.
    private func share(_ fraction: Double, of count: Int) -> Int {
        guard fraction > 0, count > 1 else { return 0 }
        return min(count - 1, max(1, Int((fraction * Double(count)).rounded())))
    }

    /// The start of the character that contains `offset`.
    private func boundary(_ offset: Int, in bytes: [UInt8]) -> Int {
        var position = min(max(offset, 0), bytes.count)
        while position > 0, position < bytes.count, bytes[position] & 0xC0 == 0x80 { position -= 1 }
        return position
    }
}
