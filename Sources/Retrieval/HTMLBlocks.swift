// HTML as blocks: what a reader of the page sees, under its headings.

import CXML2
import Foundation

/// libxml2, loaded when the first page is read.
struct HTMLReader {
    /// Debian's package libxml2 has the first name.
    private static let fileNames = ["libxml2.so.2", "libxml2.2.dylib"]
    private let functions: luthier_xml

    init(path: String) throws(RetrievalError) {
        var library: UnsafeMutableRawPointer?
        for name in HTMLReader.fileNames where library == nil { library = dlopen(name, RTLD_NOW | RTLD_LOCAL) }
        var functions = luthier_xml()
        guard let library, luthier_xml_find(library, &functions) == nil else {
            throw .unreadable(path: path, reason: "HTML needs libxml2 (apt-get install libxml2)")
        }
        self.functions = functions
    }

    /// The blocks of a page in UTF-8, however wrong its marks are. Each has its text in one line.
    func blocks(_ page: [UInt8]) -> [TextBlock] {
        guard !page.isEmpty, page.count <= Int32.max else { return [] }
        let document = page.withUnsafeBytes { bytes in
            functions.read(
                bytes.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(page.count), nil, "UTF-8",
                Int32(LUTHIER_XML_OPTIONS))
        }
        guard let document else { return [] }
        defer { functions.free_document(document) }
        var walk = Walk(functions)
        walk.run(from: functions.root(document))
        return walk.found
    }

    /// Goes through the tree in the order of the page.
    private struct Walk {
        let functions: luthier_xml
        private(set) var found: [TextBlock] = []
        private var headings: [(level: Int, text: String)] = []
        private var text = ""
        private var lines: ClosedRange<Int>?

        /// What nobody reads, and what is the same on each page of a site.
        private static let skipped: Set<String> = [
            "head", "script", "style", "noscript", "template", "nav", "footer", "svg", "iframe", "object", "select",
            "button", "form",
        ]
        /// What is part of the line around it.
        private static let inline: Set<String> = [
            "a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "img",
            "ins",
            "kbd", "label", "mark", "q", "s", "samp", "small", "span", "strong", "sub", "sup", "time", "tt", "u", "var",
            "wbr",
        ]

        init(_ functions: luthier_xml) { self.functions = functions }

        mutating func run(from root: UnsafeMutablePointer<luthier_xml_node>?) {
            var place = root
            while let node = place {
                if enter(node), let child = node.pointee.children {
                    place = child
                    continue
                }
                var ended: UnsafeMutablePointer<luthier_xml_node>? = node
                while let node = ended {
                    leave(node)
                    if node == root { return finish() }
                    if let next = node.pointee.next {
                        place = next
                        break
                    }
                    ended = node.pointee.parent
                }
                if ended == nil { return finish() }
            }
            finish()
        }

        /// Whether what is in the node is read.
        private mutating func enter(_ node: UnsafeMutablePointer<luthier_xml_node>) -> Bool {
            switch Int(node.pointee.type) {
            case LUTHIER_XML_TEXT, LUTHIER_XML_CDATA:
                if let content = node.pointee.content { append(String(cString: content), node) }
                return false
            case LUTHIER_XML_ELEMENT:
                let name = Walk.name(node)
                if Walk.skipped.contains(name) { return false }
                if name == "br" || name == "td" || name == "th" {
                    text += " "
                } else if !Walk.inline.contains(name) {
                    finish()
                }
                return true
            default: return Int(node.pointee.type) == LUTHIER_XML_ENTITY_REFERENCE
            }
        }

        private mutating func leave(_ node: UnsafeMutablePointer<luthier_xml_node>) {
            guard Int(node.pointee.type) == LUTHIER_XML_ELEMENT else { return }
            let name = Walk.name(node)
            if let level = Walk.level(name) {
                let title = words
                (text, lines) = ("", nil)
                guard !title.isEmpty else { return }
                headings.removeAll { $0.level >= level }
                headings.append((level, title))
            } else if !Walk.inline.contains(name), !["br", "td", "th"].contains(name) {
                finish()
            }
        }

        private mutating func append(_ piece: String, _ node: UnsafeMutablePointer<luthier_xml_node>) {
            text += piece
            guard piece.contains(where: { !$0.isWhitespace }) else { return }
            // A text's line is that of its end.
            let last = max(1, Int(functions.line(node)))
            let first = max(1, last - piece.count { $0.isNewline })
            lines = min(lines?.lowerBound ?? first, first)...max(lines?.upperBound ?? last, last)
        }

        /// The text so far, with single spaces.
        private var words: String { text.split(whereSeparator: \.isWhitespace).joined(separator: " ") }

        private mutating func finish() {
            let words = words
            if !words.isEmpty, let lines {
                found.append(TextBlock(lines: lines, headings: headings.map(\.text), text: [Substring(words)]))
            }
            (text, lines) = ("", nil)
        }

        private static func name(_ node: UnsafeMutablePointer<luthier_xml_node>) -> String {
            node.pointee.name.map { String(cString: $0).lowercased() } ?? ""
        }

        private static func level(_ name: String) -> Int? {
            guard name.count == 2, name.first == "h", let level = Int(name.dropFirst()), (1...6).contains(level)
            else { return nil }
            return level
        }
    }
}
