// Capitals and small letters as Python maps them: by Unicode's full mappings, with the small sigma at a word's end.

extension JinjaText {
    func uppercased() -> JinjaText { mapping { Array(scalars[$0].properties.uppercaseMapping.unicodeScalars) } }

    func lowercased() -> JinjaText { mapping { lowercase(at: $0) } }

    /// A title letter first, the others small: Python's `capitalize`.
    func capitalized() -> JinjaText {
        mapping { $0 == 0 ? Array(scalars[0].properties.titlecaseMapping.unicodeScalars) : lowercase(at: $0) }
    }

    /// A title letter at the beginning of each word, the others small: Python's `title`.
    func titlecased() -> JinjaText {
        mapping { place in
            let isInside = place > 0 && scalars[place - 1].properties.isCased
            return isInside
                ? lowercase(at: place) : Array(scalars[place].properties.titlecaseMapping.unicodeScalars)
        }
    }

    /// Capitals at the beginning and after white space, a dash or an opening bracket, the others small: Jinja's filter `title`.
    func titlecasedByWords() -> JinjaText {
        func divides(_ scalar: Unicode.Scalar) -> Bool { scalar.isSpace || "-({[<".unicodeScalars.contains(scalar) }
        // Jinja maps word by word, so that a sigma at a word's end is found as at a text's end.
        var result = JinjaText()
        var start = 0
        while start < count {
            let dividing = divides(scalars[start])
            var end = start + 1
            while end < count, divides(scalars[end]) == dividing { end += 1 }
            result.append(self[start..<start + 1].uppercased())
            result.append(self[start + 1..<end].lowercased())
            start = end
        }
        return result
    }

    private func lowercase(at place: Int) -> [Unicode.Scalar] {
        let scalar = scalars[place]
        guard scalar == "\u{3A3}" else { return Array(scalar.properties.lowercaseMapping.unicodeScalars) }
        return [endsWord(place) ? "\u{3C2}" : "\u{3C3}"]
    }

    /// Whether there is a letter before the capital sigma at `place` and none after it; Unicode's Final_Sigma.
    private func endsWord(_ place: Int) -> Bool {
        var before = place - 1
        while before >= 0, scalars[before].properties.isCaseIgnorable { before -= 1 }
        guard before >= 0, scalars[before].properties.isCased else { return false }
        var after = place + 1
        while after < count, scalars[after].properties.isCaseIgnorable { after += 1 }
        return after == count || !scalars[after].properties.isCased
    }

    /// Whether it has letters of that kind and none of the other: Python's `isupper` and `islower`.
    func isAll(upper: Bool) -> Bool {
        var found = false
        for scalar in scalars {
            let properties = scalar.properties
            let isTitle = properties.generalCategory == .titlecaseLetter
            if isTitle || (upper ? properties.isLowercase : properties.isUppercase) { return false }
            found = found || (upper ? properties.isUppercase : properties.isLowercase)
        }
        return found
    }
}

extension Unicode.Scalar {
    /// White space as Python's `str.isspace` and `\s` know it.
    var isSpace: Bool {
        switch value {
        case 0x09...0x0D, 0x1C...0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: true
        default: false
        }
    }

    /// Whether Python's `str.splitlines` ends a line here.
    var endsLine: Bool {
        switch value {
        case 0x0A...0x0D, 0x1C...0x1E, 0x85, 0x2028, 0x2029: true
        default: false
        }
    }
}
