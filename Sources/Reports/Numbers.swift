// Numbers as people read them.

import Foundation

enum Numbers {
    /// About `digits` significant digits, without an exponent where that is short: 0.00123, 4.57, 1,250.
    static func text(_ value: Double, digits: Int = 4) -> String {
        guard value.isFinite else { return value.isNaN ? "nan" : value > 0 ? "∞" : "-∞" }
        let size = abs(value)
        if size != 0 && (size < 1e-4 || size >= 1e15) { return String(format: "%.\(max(0, digits - 2))e", value) }
        let before = size < 1 ? 0 : Int(log10(size)) + 1
        let leading = size > 0 && size < 1 ? Int(-log10(size)) : 0
        let text = String(format: "%.\(max(0, digits - before + leading))f", value)
        guard text.contains(".") else { return grouped(Int(value.rounded())) }
        return text
    }

    /// 1250 as 1,250.
    static func grouped(_ value: Int) -> String {
        var digits = String(value.magnitude)
        var end = digits.count - 3
        while end > 0 {
            digits.insert(",", at: digits.index(digits.startIndex, offsetBy: end))
            end -= 3
        }
        return (value < 0 ? "-" : "") + digits
    }

    static func percent(_ share: Double) -> String { String(format: "%.1f %%", 100 * share) }

    /// 1h 02m, 3m 05s, 12s.
    static func duration(_ seconds: Double) -> String {
        let total = Int(min(max(seconds, 0), 1e9).rounded())
        let (hours, minutes, rest) = (total / 3600, total / 60 % 60, total % 60)
        if hours > 0 { return String(format: "%dh %02dm", hours, minutes) }
        return minutes > 0 ? String(format: "%dm %02ds", minutes, rest) : "\(rest)s"
    }

    /// 60.5 MB, 1.2 GB.
    static func bytes(_ count: Int) -> String {
        let (size, units) = (Double(count), ["bytes", "kB", "MB", "GB", "TB"])
        var (value, unit) = (size, 0)
        while value >= 999.5, unit + 1 < units.count {
            value /= 1000
            unit += 1
        }
        return unit == 0
            ? "\(count) bytes" : String(format: value < 10 ? "%.1f %@" : "%.0f %@", value, units[unit] as NSString)
    }
}
