// Asks the hub: follows its redirects, keeps the token to itself, and explains refusals.

import Foundation

/// What a request to the hub led to.
struct HubAnswer {
    let answer: HTTPAnswer
    /// Size and SHA-256 of a large file, which the hub says before it redirects to where the file is.
    let linkedBytes: Int?
    let linkedHash: String?
}

struct HubClient {
    private static let mostRedirects = 10
    /// Of an answer that is kept in memory.
    private static let mostAnswerBytes = 32 << 20

    let settings: HubSettings
    let name: HubName
    let http: HTTPClient
    let policy: RetryPolicy
    let report: (FetchEvent) -> Void

    /// The answer to a request, after all redirects. Bodies of refusals are not passed on.
    func send(
        _ url: String, isHead: Bool = false, headers: [(name: String, value: String)] = [],
        receive: (HTTPAnswer, UnsafeRawBufferPointer) -> Bool
    ) throws(RequestFailure) -> HubAnswer {
        var (url, linked) = (url, (bytes: Int?.none, hash: String?.none))
        for _ in 0...HubClient.mostRedirects {
            let answer = try exchange(url, isHead: isHead, headers: headers, receive: receive)
            if isOwn(url) {
                linked.bytes = answer.headers["x-linked-size"].flatMap { Int($0) } ?? linked.bytes
                let tag = answer.headers["x-linked-etag"] ?? answer.headers["etag"]
                let hash = tag.map { $0.trimmingCharacters(in: CharacterSet(charactersIn: "\"")).lowercased() }
                linked.hash = hash.flatMap { HubListing.isHash($0) ? $0 : nil } ?? linked.hash
            }
            guard answer.isRedirect else {
                try check(answer, url)
                return HubAnswer(answer: answer, linkedBytes: linked.bytes, linkedHash: linked.hash)
            }
            let next = try target(of: answer, from: url)
            if isHead, !isOwn(next), linked.bytes != nil {
                return HubAnswer(answer: answer, linkedBytes: linked.bytes, linkedHash: linked.hash)
            }
            url = next
        }
        throw .final(.badAnswer(url: url, reason: "more than \(HubClient.mostRedirects) redirects"))
    }

    private func exchange(
        _ url: String, isHead: Bool, headers: [(name: String, value: String)],
        receive: (HTTPAnswer, UnsafeRawBufferPointer) -> Bool
    ) throws(RequestFailure) -> HTTPAnswer {
        var request = HTTPRequest(url: url, isHead: isHead, headers: headers)
        // The token is the hub's: no other host gets it.
        if let token = settings.token, isOwn(url) { request.headers.append(("Authorization", "Bearer \(token)")) }
        do throws(HTTPFailure) {
            return try http.perform(request) { answer, bytes in
                (200..<300).contains(answer.status) ? receive(answer, bytes) : true
            }
        } catch {
            throw .transfer(error)
        }
    }

    /// Whether an address is the hub's. The slash after the host leaves no room for another host.
    private func isOwn(_ url: String) -> Bool { url.hasPrefix(settings.endpoint + "/") }

    private func target(of answer: HTTPAnswer, from url: String) throws(RequestFailure) -> String {
        let location = answer.headers["location"] ?? ""
        let parts = url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        let isPlain = !location.isEmpty && location.utf8.allSatisfy { (0x21...0x7E).contains($0) }
        let next =
            if location.hasPrefix("//") {
                String(parts[0]) + location
            } else if location.hasPrefix("/"), parts.count > 2 {
                parts[..<3].joined(separator: "/") + location
            } else {
                location
            }
        let isSafe = next.hasPrefix("https://") || (next.hasPrefix("http://") && url.hasPrefix("http://"))
        guard isPlain, isSafe else { throw .final(.unsafeRedirect(from: url, to: location)) }
        return next
    }

    /// Explains a status that is not a success.
    private func check(_ answer: HTTPAnswer, _ url: String) throws(RequestFailure) {
        let code = answer.headers["x-error-code"]
        switch answer.status {
        case 200..<300: return
        case 416: throw .short
        case 401, 403:
            if code == "RepoNotFound", settings.token != nil { throw .final(missing) }
            let page = settings.page(name)
            throw .final(.accessDenied(name.repository, page: page, withToken: settings.token != nil))
        case 404:
            if code == "RevisionNotFound" {
                throw .final(.noRevision(name.repository, revision: name.revision))
            }
            if code == "EntryNotFound" { throw .final(.status(url: url, 404)) }
            throw .final(missing)
        case 429: throw .tooManyRequests(seconds: RequestFailure.seconds(answer))
        case 500...: throw .server(status: answer.status, seconds: RequestFailure.seconds(answer))
        default: throw .final(.status(url: url, answer.status))
        }
    }

    private var missing: FetchError {
        .noRepository(
            name.repository, nearest: nearestName(to: name.repository).flatMap { $0 == name.repository ? nil : $0 })
    }

    /// The body of a small answer.
    func body(_ url: String) throws(FetchError) -> [UInt8] {
        try repeated(url) { () throws(RequestFailure) in
            var (bytes, isTooLong) = ([UInt8](), false)
            do throws(RequestFailure) {
                _ = try send(url) { _, piece in
                    isTooLong = bytes.count + piece.count > HubClient.mostAnswerBytes
                    if !isTooLong { bytes += piece }
                    return !isTooLong
                }
            } catch {
                guard isTooLong else { throw error }
                throw .final(
                    .badAnswer(url: url, reason: "the answer has more than \(HubClient.mostAnswerBytes) bytes"))
            }
            return bytes
        }
    }

    /// Size and hash of a file, without the file.
    func head(_ url: String) throws(FetchError) -> (bytes: Int?, sha256: String?) {
        try repeated(url) { () throws(RequestFailure) in
            let found = try send(url, isHead: true) { _, _ in true }
            return (found.linkedBytes ?? found.answer.length, found.linkedHash)
        }
    }

    private func repeated<Result>(
        _ url: String, _ body: () throws(RequestFailure) -> Result
    ) throws(FetchError) -> Result {
        var retries = Retries(policy, url)
        while true {
            do throws(RequestFailure) {
                return try body()
            } catch {
                // At the first request, no connection means no network.
                if case .transfer(let failure) = error, failure.kind == .unreachable {
                    throw .noNetwork(name.description, reason: failure.reason, copying: "")
                }
                try retries.wait(after: error, kept: 0, report: report)
            }
        }
    }
}
