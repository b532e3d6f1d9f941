// Cutting texts: at separators, at white space, at line ends.

extension JinjaText {
    func starts(with prefix: JinjaText) -> Bool { scalars.starts(with: prefix.scalars) }

    func ends(with suffix: JinjaText) -> Bool {
        count >= suffix.count && scalars[(count - suffix.count)...].elementsEqual(suffix.scalars)
    }

    /// The parts between separators, of which at most `limit` count, from the left or from the right.
    ///
    /// - Precondition: the separator is not empty.
    func parts(between separator: JinjaText, limit: Int, fromEnd: Bool) -> [Range<Int>] {
        let search = TextSearch(fromEnd ? separator.scalars.reversed() : separator.scalars)
        var places = search.places(in: fromEnd ? scalars.reversed() : scalars, limit: limit)
        if fromEnd { places = places.reversed().map { count - $0 - separator.count } }
        var ranges: [Range<Int>] = []
        var start = 0
        for place in places {
            ranges.append(start..<place)
            start = place + separator.count
        }
        return ranges + [start..<count]
    }

    /// The words between white space; after `limit` cuts the rest is one part, which keeps the white space at its end.
    func words(limit: Int, fromEnd: Bool) -> [Range<Int>] {
        guard !fromEnd else {
            let reversed = JinjaText(scalars.reversed())
            return reversed.words(limit: limit, fromEnd: false).reversed().map {
                (count - $0.upperBound)..<(count - $0.lowerBound)
            }
        }
        var ranges: [Range<Int>] = []
        var place = 0
        while true {
            while place < count, scalars[place].isSpace { place += 1 }
            guard place < count else { return ranges }
            let start = place
            if ranges.count == limit { return ranges + [start..<count] }
            while place < count, !scalars[place].isSpace { place += 1 }
            ranges.append(start..<place)
        }
    }

    /// Python's `splitlines`.
    func lines(keepingEnds: Bool) -> [JinjaText] {
        var lines: [JinjaText] = []
        var start = 0
        var place = 0
        while place < count {
            guard scalars[place].endsLine else {
                place += 1
                continue
            }
            let end = place
            place += scalars[place] == "\r" && place + 1 < count && scalars[place + 1] == "\n" ? 2 : 1
            lines.append(self[start..<(keepingEnds ? place : end)])
            start = place
        }
        if start < count { lines.append(self[start..<count]) }
        return lines
    }
}

extension Unicode.Scalar {
    /// Python's `isdigit`: decimal digits and such as ².
    var isAnyDigit: Bool { properties.numericType == .decimal || properties.numericType == .digit }
    var isNumeral: Bool { properties.numericType != nil }

    /// Python's `isalpha`.
    var isLetter: Bool {
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
        default: false
        }
    }
}
