// Dates as Python's `strftime` writes them in the C locale.

/// A day and a time of day.
package struct JinjaDate: Sendable, Equatable {
    package var year: Int
    package var month: Int
    package var day: Int
    package var hour = 0
    package var minute = 0
    package var second = 0

    /// The day that templates with a date of their own fall back on when they are not told one.
    package init() { (year, month, day) = (2024, 7, 26) }

    /// Nil where there is no such day between the years 1 and 9999.
    package init?(year: Int, month: Int, day: Int) {
        guard (1...9999).contains(year), (1...12).contains(month), day >= 1,
            day <= JinjaDate.length(ofMonth: month, year)
        else { return nil }
        (self.year, self.month, self.day) = (year, month, day)
    }

    /// Reads a date of the form 2024-07-26.
    package init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.map(\.utf8.count) == [4, 2, 2], text.utf8.allSatisfy({ $0 == 0x2D || (0x30...0x39).contains($0) }),
            let year = Int(parts[0]), let month = Int(parts[1]), let day = Int(parts[2])
        else { return nil }
        self.init(year: year, month: month, day: day)
    }

    /// The form that `init(_:)` reads.
    package var text: String { padded(year, 4) + "-" + padded(month) + "-" + padded(day) }

    private static func isLeap(_ year: Int) -> Bool {
        year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
    }

    private static func length(ofMonth month: Int, _ year: Int) -> Int {
        month == 2 ? (isLeap(year) ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
    }

    /// From 1.
    private var dayOfYear: Int { day + (1..<month).reduce(0) { $0 + JinjaDate.length(ofMonth: $1, year) } }

    /// 0 for Sunday.
    private var weekday: Int {
        let before = year - 1
        return (before * 365 + before / 4 - before / 100 + before / 400 + dayOfYear) % 7
    }

    private func padded(_ number: Int, _ width: Int = 2, with filler: String = "0") -> String {
        let digits = String(number)
        return String(repeating: filler, count: max(0, width - digits.count)) + digits
    }

    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]
    private static let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]

    /// What a letter after `%` means; nil for one that is not supported.
    func part(_ letter: Unicode.Scalar) -> String? {
        let hour12 = hour % 12 == 0 ? 12 : hour % 12
        return switch letter {
        case "Y": String(year)
        case "y": padded(year % 100)
        case "m": padded(month)
        case "B": JinjaDate.months[month - 1]
        case "b", "h": String(JinjaDate.months[month - 1].prefix(3))
        case "d": padded(day)
        case "e": padded(day, with: " ")
        case "j": padded(dayOfYear, 3)
        case "A": JinjaDate.weekdays[weekday]
        case "a": String(JinjaDate.weekdays[weekday].prefix(3))
        case "w": String(weekday)
        case "H": padded(hour)
        case "I": padded(hour12)
        case "M": padded(minute)
        case "S": padded(second)
        case "p": hour < 12 ? "AM" : "PM"
        case "F": String(year) + "-" + padded(month) + "-" + padded(day)
        case "D": padded(month) + "/" + padded(day) + "/" + padded(year % 100)
        case "T": padded(hour) + ":" + padded(minute) + ":" + padded(second)
        case "R": padded(hour) + ":" + padded(minute)
        case "n": "\n"
        case "t": "\t"
        case "%": "%"
        default: nil
        }
    }

    /// The same after `%-`, without leading zeros or spaces.
    func bare(_ letter: Unicode.Scalar) -> String? {
        guard ["d", "m", "H", "I", "M", "S", "j", "e", "y"].contains(letter), let part = part(letter) else {
            return nil
        }
        let rest = part.drop { $0 == "0" || $0 == " " }
        return rest.isEmpty ? "0" : String(rest)
    }
}

extension Interpreter {
    /// `strftime`.
    func format(_ date: JinjaDate, _ format: JinjaText) throws(JinjaError) -> JinjaText {
        try charge(characters: format.count)
        var result = JinjaText()
        var place = 0
        while place < format.count {
            let (scalar, origin) = (format.scalars[place], format.origin(at: place))
            place += 1
            guard scalar == "%" else {
                result.append(scalar, origin)
                continue
            }
            let isBare = place < format.count && format.scalars[place] == "-"
            if isBare { place += 1 }
            let letter = place < format.count ? format.scalars[place] : "%"
            guard place < format.count, let part = isBare ? date.bare(letter) : date.part(letter) else {
                throw failure(.unsupported("%\(isBare ? "-" : "")\(letter) in a date"))
            }
            place += 1
            result.append(part, origin)
        }
        return result
    }
}
