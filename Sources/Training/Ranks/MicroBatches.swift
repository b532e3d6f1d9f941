// How the windows of a step are divided into micro-batches, and these among the ranks.

import Datasets

extension TrainingSet {
    /// A step's windows in micro-batches of nearly equal work: in the windows' order, with nearly the
    /// same number of tokens. Where there are fewer windows than micro-batches, some are empty.
    ///
    /// Each rank takes the same number of them, next to one another. Where the ranks divide `accumulation`, the
    /// micro-batches are those of one rank, so that sums over them may agree to the last bit.
    ///
    /// - Parameters:
    ///   - accumulation: micro-batches of a step.
    ///   - ranks: the processes that share them.
    ///   - windowsPerExample: 2 for pairs of answers, which stay together; else 1.
    package static func microBatches(
        _ windows: ArraySlice<Window>, accumulation: Int, ranks: Int = 1, windowsPerExample: Int = 1
    ) -> [ArraySlice<Window>] {
        let count = (accumulation + ranks - 1) / ranks * ranks
        guard windowsPerExample > 1 else { return cut(windows, into: count) }
        // Each pair is cut as if it were one window.
        let starts = stride(from: windows.startIndex, to: windows.endIndex, by: windowsPerExample)
        let examples = starts.map { start in
            let tokens = windows[start..<(start + windowsPerExample)].reduce(0) { $0 + $1.count }
            return Window(start: 0, count: tokens, source: 0)
        }
        return cut(examples[...], into: count).map { part in
            let first = windows.startIndex + part.startIndex * windowsPerExample
            return windows[first..<(first + part.count * windowsPerExample)]
        }
    }

    private static func cut(_ windows: ArraySlice<Window>, into count: Int) -> [ArraySlice<Window>] {
        guard count > 1 else { return [windows] }
        let total = windows.reduce(0) { $0 + $1.count }
        var parts: [ArraySlice<Window>] = []
        var (start, tokens) = (windows.startIndex, 0)
        for index in 1...count {
            // The other parts get one window each, as long as there are enough.
            let last = max(start, windows.endIndex - (count - index))
            let target = Double(total) * Double(index) / Double(count)
            var end = start
            while end < last {
                let next = tokens + windows[end].count
                // The cut is where it is nearer to an equal share, and after one window at least.
                guard end == start || Double(next) - target <= target - Double(tokens) else { break }
                tokens = next
                end += 1
            }
            if index == count { end = windows.endIndex }
            parts.append(windows[start..<end])
            start = end
        }
        return parts
    }
}
