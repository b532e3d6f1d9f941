// Connections: kept open, used for several requests, closed when they must be.

import Foundation
import Testing

@testable import HTTPServer

@Suite struct ConnectionTests {
    @Test func servesARequest() throws {
        let server = try LocalServer.echo()
        let reply = try RawClient(port: server.port).ask("GET", "/a%2Fb?x=1%202&y", headers: [("X-Any", "thing")])
        #expect(reply.status == 200)
        #expect(reply.text == "GET /a%2Fb [\"a/b\"] x=1 2,y= 0")
    }
}
