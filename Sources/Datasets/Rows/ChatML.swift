// Conversations as text in ChatML: turns between `<|im_start|>` and `<|im_end|>`.

import Conversations

enum ChatML {
    static let start = Array("<|im_start|>".utf8)
    static let end = Array("<|im_end|>".utf8)

    /// One turn, or what is there instead of one.
    struct Turn {
        var role: Role?
        /// The name in the text.
        var name: String
        var content: Range<Int>
        var place: Int
        /// Whether a blank line is in front of it.
        var followsBlankLine: Bool
        var defect: String?
    }

    /// The turns of a text.
    static func turns(_ bytes: UnsafeBufferPointer<UInt8>) -> [Turn] {
        var turns: [Turn] = []
        var index = 0
        while index < bytes.count {
            let gap = index
            while index < bytes.count, SourceFormat.isSpace(bytes[index]) { index += 1 }
            guard index < bytes.count else { break }
            let isBlank = bytes[gap..<index].count { $0 == 0x0A } > 1
            guard hasPrefix(bytes, index, start) else {
                let next = find(start, bytes, from: index) ?? bytes.count
                turns.append(
                    Turn(
                        name: "", content: index..<next, place: index, followsBlankLine: isBlank,
                        defect: "text outside of the turns"))
                index = next
                continue
            }
            let place = index
            let nameStart = index + start.count
            let lineEnd = bytes[nameStart...].firstIndex(of: 0x0A) ?? bytes.count
            let name = String(decoding: bytes[nameStart..<lineEnd], as: UTF8.self)
            let content = min(lineEnd + 1, bytes.count)
            let close = find(end, bytes, from: content)
            let next = find(start, bytes, from: content)
            let isClosed = close.map { $0 < next ?? .max } ?? false
            let stop = isClosed ? close! : next ?? bytes.count
            var defect: String?
            if !isClosed { defect = "a turn without <|im_end|>" }
            let role = RoleNames.role(name.trimmingSpaces)
            if defect == nil, role == nil { defect = "the role \"\(name)\" is not one of system, user, assistant" }
            turns.append(
                Turn(
                    role: role, name: name, content: content..<stop, place: place, followsBlankLine: isBlank,
                    defect: defect))
            index = isClosed ? stop + end.count : stop
        }
        return turns
    }

    /// The messages of a text that is nothing else than turns; nil for other texts.
    static func parts(of text: Row.Part) -> [Row.Part]? {
        guard text.text.starts(with: start) else { return nil }
        return text.text.withUnsafeBufferPointer { bytes in
            let turns = turns(bytes)
            guard turns.allSatisfy({ $0.defect == nil }) else { return nil }
            return turns.map { part($0, bytes, .madeFrom(text.origin)) }
        }
    }

    private static func part(_ turn: Turn, _ bytes: UnsafeBufferPointer<UInt8>, _ origin: TextOrigin) -> Row.Part {
        Row.Part(key: "content", role: turn.role, text: Array(bytes[turn.content]), origin: origin)
    }

    /// The conversations of a file. A blank line before a user's turn, or a system turn, begins a new one.
    static func rows(_ reader: inout JSONRowReader) -> [JSONRowReader.Found] {
        let bytes = reader.place.bytes
        var rows: [JSONRowReader.Found] = []
        var parts: [Row.Part] = []
        var place = 0
        var isBroken = false
        func close() {
            guard !parts.isEmpty, !isBroken else { return }
            let at = reader.place.position(at: place)
            rows.append((Row(kind: .chat, parts: parts), at.line, at.column))
        }
        for turn in turns(bytes) {
            let begins = turn.role == .system || (turn.role == .user && turn.followsBlankLine)
            if begins {
                close()
                (parts, isBroken) = ([], false)
            }
            if parts.isEmpty { place = turn.place }
            if let defect = turn.defect {
                let at = reader.place.position(at: turn.place)
                reader.report("broken-turn", at, defect)
                if !isBroken { reader.lose(at: at.line) }
                isBroken = true
            } else {
                parts.append(part(turn, bytes, .plain(start: turn.content.lowerBound)))
            }
        }
        close()
        return rows
    }

    private static func hasPrefix(_ bytes: UnsafeBufferPointer<UInt8>, _ index: Int, _ mark: [UInt8]) -> Bool {
        index + mark.count <= bytes.count && mark.indices.allSatisfy { bytes[index + $0] == mark[$0] }
    }

    private static func find(_ mark: [UInt8], _ bytes: UnsafeBufferPointer<UInt8>, from first: Int) -> Int? {
        var index = first
        while index + mark.count <= bytes.count {
            if bytes[index] == mark[0], hasPrefix(bytes, index, mark) { return index }
            index += 1
        }
        return nil
    }
}

extension String {
    fileprivate var trimmingSpaces: String { String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()) }
}

extension TextOrigin {
    /// Of a text that is made from another one.
    fileprivate static func madeFrom(_ origin: TextOrigin) -> TextOrigin {
        switch origin {
        case .json(let line, let column), .made(let line, let column): .made(line: line, column: column)
        case .quoted, .plain: origin
        }
    }
}
