// One exchange with an HTTP server: a request, the headers of its answer, and its body in pieces.

import CCurl
import Foundation

struct HTTPRequest {
    var url: String
    var isHead = false
    var headers: [(name: String, value: String)] = []
}

/// The head of an answer.
struct HTTPAnswer: Sendable {
    var status = 0
    /// Names in lowercase; of several headers with one name the last.
    var headers: [String: String] = [:]

    /// `Content-Length`.
    var length: Int? { headers["content-length"].flatMap { Int($0) } }
    var isRedirect: Bool { [301, 302, 303, 307, 308].contains(status) }
}

/// Why an exchange did not come to its end.
struct HTTPFailure: Error, Sendable {
    enum Kind: Sendable {
        /// There was no connection.
        case unreachable
        /// The certificate is not valid.
        case untrusted
        /// The receiver wanted no more.
        case stopped
        /// The connection ended too early, or something else that may work the next time.
        case broken
    }

    let kind: Kind
    let reason: String

    /// From libcurl's number (curl.se/libcurl/c/libcurl-errors.html).
    init(code: Int32, reason: String) {
        // "Couldn't connect" is in the middle of a sentence; "SSL" stays.
        let isWord = reason.dropFirst().first?.isLowercase ?? true
        self.reason = (isWord ? reason.prefix(1).lowercased() : String(reason.prefix(1))) + reason.dropFirst()
        kind =
            switch code {
            case 5, 6, 7: .unreachable
            case 51, 53, 54, 58, 59, 60, 66, 77, 80, 82, 83, 90, 91: .untrusted
            case 23: .stopped
            default: .broken
            }
    }
}

/// A connection that serves one request after the other. It follows no redirect by itself.
final class HTTPClient {
    private let library: CurlLibrary
    private let handle: UnsafeMutableRawPointer
    private let certificates: String?
    private static let userAgent = "luthier"

    init(_ environment: FetchEnvironment, library: CurlLibrary) throws(FetchError) {
        self.library = library
        handle = try library.makeHandle()
        certificates = environment["SSL_CERT_FILE"]
    }

    deinit { luthier_curl_apply(library.cleanup, handle) }

    /// Sends a request.
    ///
    /// - Parameter receive: gets pieces of the body, and the head of the answer; false ends the exchange.
    func perform(
        _ request: HTTPRequest, receive: (HTTPAnswer, UnsafeRawBufferPointer) -> Bool
    ) throws(HTTPFailure) -> HTTPAnswer {
        let (code, answer) = withoutActuallyEscaping(receive) { receive in
            let exchange = Exchange(receive)
            let code = run(request, exchange)
            return (code, exchange.answer)
        }
        guard code == 0 else { throw HTTPFailure(code: code, reason: library.text(of: code)) }
        return answer
    }

    private func run(_ request: HTTPRequest, _ exchange: Exchange) -> Int32 {
        luthier_curl_apply(library.reset, handle)
        var list: UnsafeMutableRawPointer?
        for header in request.headers + [("Accept-Encoding", "identity")] {
            list = luthier_curl_append(library.append, list, "\(header.name): \(header.value)")
        }
        defer { luthier_curl_apply(library.freeList, list) }
        let context = Unmanaged.passUnretained(exchange).toOpaque()
        for (option, text) in [
            (CurlOption.url, request.url), (CurlOption.userAgent, HTTPClient.userAgent),
            (CurlOption.certificates, certificates),
        ] {
            // libcurl copies texts.
            if let text { text.withCString { set(option, pointer: $0) } }
        }
        set(CurlOption.headerList, pointer: list)
        set(CurlOption.writerContext, pointer: context)
        set(CurlOption.headerContext, pointer: context)
        luthier_curl_set_receiver(library.setOption, handle, CurlOption.writer, receiveBody)
        luthier_curl_set_receiver(library.setOption, handle, CurlOption.headerWriter, receiveHeader)
        // HTTP and HTTPS only; no signals; a connection within 30 s; at least a byte per second for a minute.
        for (option, number) in [
            (CurlOption.protocols, 3), (CurlOption.noSignal, 1), (CurlOption.headOnly, request.isHead ? 1 : 0),
            (CurlOption.connectSeconds, 30), (CurlOption.slowestRate, 1), (CurlOption.slowSeconds, 60),
        ] {
            luthier_curl_set_number(library.setOption, handle, option, number)
        }
        return withExtendedLifetime(exchange) { luthier_curl_perform(library.perform, handle) }
    }

    private func set(_ option: Int32, pointer: UnsafeRawPointer?) {
        luthier_curl_set_pointer(library.setOption, handle, option, pointer)
    }
}

/// What libcurl's callbacks write to.
private final class Exchange {
    private static let mostHeaderBytes = 1 << 18

    var answer = HTTPAnswer()
    private let receive: (HTTPAnswer, UnsafeRawBufferPointer) -> Bool
    private var headerBytes = 0

    init(_ receive: @escaping (HTTPAnswer, UnsafeRawBufferPointer) -> Bool) { self.receive = receive }

    func take(body: UnsafeRawBufferPointer) -> Bool { receive(answer, body) }

    func take(header bytes: UnsafeRawBufferPointer) -> Bool {
        headerBytes += bytes.count
        guard headerBytes <= Exchange.mostHeaderBytes else { return false }
        let line = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        if line.hasPrefix("HTTP/") {
            // An answer may follow a preliminary one.
            answer = HTTPAnswer(status: line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0)
        } else if let colon = line.firstIndex(of: ":") {
            let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            answer.headers[line[..<colon].lowercased()] = value
        }
        return true
    }
}

private func receiveBody(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let context else { return 0 }
    let piece = UnsafeRawBufferPointer(start: bytes, count: size * count)
    return Unmanaged<Exchange>.fromOpaque(context).takeUnretainedValue().take(body: piece) ? size * count : 0
}

private func receiveHeader(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let context else { return 0 }
    let piece = UnsafeRawBufferPointer(start: bytes, count: size * count)
    return Unmanaged<Exchange>.fromOpaque(context).takeUnretainedValue().take(header: piece) ? size * count : 0
}
