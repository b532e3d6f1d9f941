// Finds the parts of a form.

/// Reads a form once, from its beginning to its end.
struct MultipartParser {
    private let reader: FormReader
    private let boundary: [UInt8]
    private var place = 0

    init(_ reader: FormReader, boundary: String) {
        (self.reader, self.boundary) = (reader, Array("--\(boundary)".utf8))
    }

    mutating func parse() throws(MultipartError) -> [Multipart.Part] {
        // A text before the first boundary is allowed by the oldest standard, and no client of an API sends one.
        guard try reader.bytes(0..<boundary.count) == boundary else { throw .noFirstBoundary }
        place = boundary.count
        var parts: [Multipart.Part] = []
        while try !isLastBoundary() {
            guard parts.count < Multipart.mostParts else { throw .tooManyParts(limit: Multipart.mostParts) }
            let header = try header(of: parts.count)
            // The line end in front of a boundary belongs to it. An empty content has only the header's.
            guard let end = try reader.find([0x0D, 0x0A] + boundary, from: place - 2) else { throw .unfinished }
            let range = place..<max(place, end)
            place = end + 2 + boundary.count
            parts.append(try MultipartParser.part(header, range, index: parts.count))
        }
        return parts
    }

    /// After a boundary: whether it was the last, after which only line ends may follow.
    private mutating func isLastBoundary() throws(MultipartError) -> Bool {
        let next = try reader.bytes(place..<(place + 2))
        guard next.count == 2 else { throw .unfinished }
        if next == [0x0D, 0x0A] {
            place += 2
            return false
        }
        guard next == Array("--".utf8) else { throw .badBoundary(offset: place) }
        let rest = try reader.bytes((place + 2)..<(place + 7))
        guard [[], [0x0D, 0x0A], [0x0D, 0x0A, 0x0D, 0x0A]].contains(rest) else { throw .badBoundary(offset: place) }
        return true
    }

    /// Reads the header of a part up to its empty line.
    private mutating func header(of index: Int) throws(MultipartError) -> [(name: String, value: String)] {
        let block = try reader.bytes(place..<(place + Multipart.mostHeaderBytes + 4))
        var lines: [(name: String, value: String)] = []
        var start = 0
        while true {
            guard let end = MultipartParser.lineEnd(in: block, from: start) else {
                if block.count < Multipart.mostHeaderBytes + 4 { throw .unfinished }
                throw .longHeader(part: index, limit: Multipart.mostHeaderBytes)
            }
            if end == start {
                place += end + 2
                return lines
            }
            lines.append(try MultipartParser.headerLine(block[start..<end], index))
            start = end + 2
        }
    }

    private static func lineEnd(in block: [UInt8], from start: Int) -> Int? {
        var place = start
        while place + 1 < block.count {
            if block[place] == 0x0D, block[place + 1] == 0x0A { return place }
            place += 1
        }
        return nil
    }

    private static func headerLine(
        _ line: ArraySlice<UInt8>, _ index: Int
    ) throws(MultipartError) -> (name: String, value: String) {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex,
            line[..<colon].allSatisfy(HeaderRules.isTokenByte)
        else { throw .badHeader(part: index, reason: "a line is not 'name: value'") }
        guard line.allSatisfy({ $0 == 0x09 || ($0 >= 0x20 && $0 != 0x7F) }),
            let value = String(validating: line[(colon + 1)...], as: UTF8.self)
        else { throw .badHeader(part: index, reason: "a value is not UTF-8 without control characters") }
        return (String(decoding: line[..<colon], as: UTF8.self).lowercased(), value.trimmingSpaces)
    }

    private static func part(
        _ header: [(name: String, value: String)], _ range: Range<Int>, index: Int
    ) throws(MultipartError) -> Multipart.Part {
        func only(_ name: String) throws(MultipartError) -> String? {
            let values = header.filter { $0.name == name }
            guard values.count <= 1 else { throw .badHeader(part: index, reason: "there are two \(name)") }
            return values.first?.value
        }
        guard let disposition = try only("content-disposition").flatMap({ HeaderParameters($0) }),
            disposition.value == "form-data", let name = disposition["name"]
        else { throw .badHeader(part: index, reason: "there is no valid Content-Disposition with a name") }
        let encoding = try only("content-transfer-encoding")?.lowercased() ?? "binary"
        guard ["7bit", "8bit", "binary"].contains(encoding) else {
            throw .badHeader(part: index, reason: "the Content-Transfer-Encoding is not supported")
        }
        return Multipart.Part(
            name: name, filename: disposition["filename"], contentType: try only("content-type"), range: range)
    }
}
