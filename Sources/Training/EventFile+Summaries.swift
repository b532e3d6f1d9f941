// Texts and histograms in an event file, as TensorBoard's own writers encode them.

import Files

extension EventFile {
    /// Appends texts, which TensorBoard shows as Markdown. A value of the summary has `tag` = 1, `tensor` = 8 and
    /// `metadata` = 9, which names the plugin; a tensor has `dtype` = 1 (7 is text), `tensor_shape` = 2 with one `dim` = 2
    /// for each axis, and `string_val` = 8.
    package func append(step: Int, seconds: Double, texts: [(tag: String, text: String)]) throws(FileError) {
        var summary: [UInt8] = []
        for (tag, text) in texts {
            let shape = EventFile.bytesField(2, EventFile.key(1, wireType: 0) + EventFile.varint(1))
            let tensor =
                EventFile.key(1, wireType: 0) + EventFile.varint(7) + EventFile.bytesField(2, shape)
                + EventFile.bytesField(8, Array(text.utf8))
            let plugin = EventFile.bytesField(1, EventFile.bytesField(1, Array("text".utf8)))
            let value =
                EventFile.bytesField(1, Array(tag.utf8)) + EventFile.bytesField(8, tensor)
                + EventFile.bytesField(9, plugin)
            summary += EventFile.bytesField(1, value)
        }
        try append(EventFile.event(seconds: seconds, step: step, field: 5, summary))
    }

    /// Appends a histogram of each list of values: `histo` = 5 with `min` = 1, `max` = 2, `num` = 3, `sum` = 4,
    /// `sum_squares` = 5, `bucket_limit` = 6 and `bucket` = 7, all doubles, the last two packed. Values that are not finite
    /// are omitted.
    package func append(step: Int, seconds: Double, histograms: [(tag: String, values: [Double])]) throws(FileError) {
        var summary: [UInt8] = []
        for (tag, all) in histograms {
            let values = all.filter(\.isFinite)
            guard let low = values.min(), let high = values.max() else { continue }
            let buckets = EventFile.buckets(values, low, high)
            var histogram: [UInt8] = []
            let numbers = [
                low, high, Double(values.count), values.reduce(0, +), values.reduce(0) { $0 + $1 * $1 },
            ]
            for (index, number) in numbers.enumerated() {
                histogram +=
                    EventFile.key(UInt64(index + 1), wireType: 1) + EventFile.littleEndian(number.bitPattern)
            }
            func packed(_ list: [Double]) -> [UInt8] { list.flatMap { EventFile.littleEndian($0.bitPattern) } }
            histogram += EventFile.bytesField(6, packed(buckets.limits))
            histogram += EventFile.bytesField(7, packed(buckets.counts))
            let value = EventFile.bytesField(1, Array(tag.utf8)) + EventFile.bytesField(5, histogram)
            summary += EventFile.bytesField(1, value)
        }
        guard !summary.isEmpty else { return }
        try append(EventFile.event(seconds: seconds, step: step, field: 5, summary))
    }

    /// Upper limits of equal buckets from `low` to `high`, and how many values are in each.
    private static func buckets(
        _ values: [Double], _ low: Double, _ high: Double
    ) -> (limits: [Double], counts: [Double]) {
        // One bucket of no width is shown as nothing.
        let width = max(high - low, max(abs(high), 1e-12) * 1e-6)
        let count = min(30, max(1, values.count))
        var counts = [Double](repeating: 0, count: count)
        for value in values { counts[min(count - 1, Int((value - low) / width * Double(count)))] += 1 }
        return ((1...count).map { low + width * Double($0) / Double(count) }, counts)
    }
}
