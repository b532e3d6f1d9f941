// Shows what a fetch does: one updated line on a terminal, a line per tenth of the download elsewhere.

import Fetching
import Foundation

final class FetchProgress {
    private var started: Date?
    private var firstBytes = 0
    private var shown = Date.distantPast
    private var tenth = 0

    func show(_ event: FetchEvent) {
        switch event {
        case .note(let text): Console.message(text)
        case .received(let bytes, let total): show(bytes, of: total)
        }
    }

    private func show(_ bytes: Int, of total: Int) {
        let now = Date()
        if started == nil { (started, firstBytes) = (now, bytes) }
        guard let started, total > 0 else { return }
        if Console.isTerminal {
            guard now.timeIntervalSince(shown) > 0.1 || bytes == total else { return }
            shown = now
            Console.progress(line(bytes, of: total, seconds: now.timeIntervalSince(started)))
        } else if bytes * 10 / total > tenth {
            tenth = bytes * 10 / total
            Console.message(line(bytes, of: total, seconds: now.timeIntervalSince(started)))
        }
    }

    private func line(_ bytes: Int, of total: Int, seconds: Double) -> String {
        let rate = Double(bytes - firstBytes) / max(seconds, 1e-3)
        let left = rate > 0 ? ProgressPrinter.duration(Double(total - bytes) / rate) : "?"
        return "\(ByteText.text(bytes)) of \(ByteText.text(total)), \(ByteText.text(Int(rate)))/s, \(left) left"
    }
}
