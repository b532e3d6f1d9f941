// The page's files: names and bytes, no paths.

import Checkpoint
import HTTPServer

/// What is served at `/`, `/page/NAME` and `/widget.js`.
package struct PageFiles: Sendable {
    package struct File: Sendable {
        package var bytes: [UInt8]
        package var contentType: String
        /// Of the bytes, in quotes.
        package let tag: String

        package init(bytes: [UInt8], contentType: String) {
            (self.bytes, self.contentType) = (bytes, contentType)
            tag = "\"\(SHA256Digest.hex(of: bytes))\""
        }
    }

    private let files: [String: File]

    /// - Parameter files: by name; `index.html` is the page, `widget.js` also for other sites.
    package init(_ files: [String: File]) { self.files = files }

    /// The files of a page; a file's type is told by the end of its name.
    package init(contents: [String: [UInt8]]) {
        files = contents.reduce(into: [:]) { files, file in
            let end = file.key.split(separator: ".").last.map(String.init) ?? ""
            files[file.key] = File(
                bytes: file.value, contentType: PageFiles.types[end] ?? "application/octet-stream")
        }
    }

    private static let types = [
        "html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8",
        "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml; charset=utf-8",
    ]

    static let (index, widget) = ("index.html", "widget.js")

    private static let policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

    /// A file, or 304 where the client has it.
    func response(_ name: String, _ request: HTTPRequest) throws(APIError) -> HTTPResponse {
        guard let file = files[name] else { throw .noRoute(request.method, request.target) }
        let isShared = name == PageFiles.widget
        var headers = [
            (name: "Content-Type", value: file.contentType), ("Cache-Control", "no-cache"), ("ETag", file.tag),
            ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"),
            ("Cross-Origin-Resource-Policy", isShared ? "cross-origin" : "same-origin"),
        ]
        if !isShared { headers.append(("Content-Security-Policy", PageFiles.policy)) }
        let known = request.header("If-None-Match")?.split(separator: ",").map { part in
            let tag = part.drop { $0 == " " }
            return tag.hasPrefix("W/") ? String(tag.dropFirst(2)) : String(tag)
        }
        if known?.contains(where: { $0 == file.tag || $0 == "*" }) == true {
            return HTTPResponse(304, headers: headers)
        }
        return HTTPResponse(200, headers: headers, body: .bytes(file.bytes))
    }
}
