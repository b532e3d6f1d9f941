// Lists in pages: what a client asks for, and how a page is written.

import HTTPServer
import StrictJSON

/// A part of a list.
package struct PageRequest: Sendable, Equatable {
    /// The id of the last object that the client has.
    package var after: String?
    package var limit: Int
    package var ascending = false

    package init(after: String? = nil, limit: Int, ascending: Bool = false) {
        (self.after, self.limit, self.ascending) = (after, limit, ascending)
    }

    /// Reads `after`, `limit` and `order`.
    init(_ request: HTTPRequest, limit usual: Int, most: Int) throws(APIError) {
        limit = usual
        if let text = request.queryValue("limit") {
            guard let value = Int(text), 1...most ~= value else {
                throw .invalid(
                    "Invalid value for 'limit': expected an integer from 1 to \(most), got \(APIError.shown(text)).",
                    param: "limit")
            }
            limit = value
        }
        if let text = request.queryValue("order") {
            guard text == "asc" || text == "desc" else {
                throw .invalid(
                    "Invalid value for 'order': expected asc or desc, got \(APIError.shown(text)).", param: "order")
            }
            ascending = text == "asc"
        }
        after = request.queryValue("after").flatMap { $0.isEmpty ? nil : $0 }
    }
}

/// Objects of a page, and whether more follow.
package struct Page<Element: Sendable>: Sendable {
    package var elements: [Element]
    package var hasMore: Bool

    package init(_ elements: [Element], hasMore: Bool) { (self.elements, self.hasMore) = (elements, hasMore) }

    /// From one object more than was asked for, where there are so many.
    init(_ elements: [Element], limit: Int) {
        self.init(Array(elements.prefix(limit)), hasMore: elements.count > limit)
    }

    /// The list as JSON.
    ///
    /// - Parameter id: of an object, where the list names its first and last one.
    func json(id: ((Element) -> String)? = nil, _ write: (Element) -> JSONOutput) -> JSONOutput {
        var members: [(key: String, value: JSONOutput)] = [
            ("object", "list"), ("data", .array(elements.map(write))),
        ]
        if let id {
            members.append(("first_id", .text(elements.first.map(id))))
            members.append(("last_id", .text(elements.last.map(id))))
        }
        return .object(members + [("has_more", .bool(hasMore))])
    }
}
