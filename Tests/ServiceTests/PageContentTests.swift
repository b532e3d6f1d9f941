// The page's files: all that are in the sources are in the program, and each finds the others.

import Foundation
import HTTPServer
import Page
import Service
import Testing

@Suite struct PageContentTests {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Sources/Page/Files").path

    @Test func theProgramHasEveryFile() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.folder)
        #expect(Set(names) == Set(PageContent.files.keys))
        for (name, bytes) in PageContent.files {
            let source = FileManager.default.contents(atPath: Self.folder + "/" + name)
            #expect(source.map { [UInt8]($0) } == bytes, "\(name) in the program is another one")
        }
    }

    /// Everything that the page names is one of its files: it loads nothing from elsewhere.
    @Test func thePageNeedsNothingElse() throws {
        let html = String(decoding: try #require(PageContent.files["index.html"]), as: UTF8.self)
        let named = html.matches(of: /(?:src|href)="([^"#]+)"/).map { String($0.1) }
        #expect(!named.isEmpty)
        for path in named {
            #expect(path.hasPrefix("/page/") || path.hasPrefix("page/") || path == "/", "\(path)")
            #expect(PageContent.files[String(path.split(separator: "/").last ?? "")] != nil || path == "/", "\(path)")
        }
        for (name, bytes) in PageContent.files where name.hasSuffix(".js") {
            let text = String(decoding: bytes, as: UTF8.self)
            for file in text.matches(of: /from "\.\/([^"]+)"/) {
                #expect(PageContent.files[String(file.1)] != nil, "\(name) imports \(file.1)")
            }
        }
    }

    @Test func filesHaveTheirTypes() throws {
        let fixture = try AnswersFixture(page: PageFiles(contents: PageContent.files))
        for (path, type) in [
            ("/", "text/html; charset=utf-8"), ("/page/page.js", "text/javascript; charset=utf-8"),
            ("/page/style.css", "text/css; charset=utf-8"), ("/page/icon.svg", "image/svg+xml; charset=utf-8"),
            ("/widget.js", "text/javascript; charset=utf-8"),
        ] {
            let response = fixture.send("GET", path)
            #expect(response.status == 200 && response.header("Content-Type") == type, "\(path)")
        }
    }
}
