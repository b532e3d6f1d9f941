// When to ask a server again, and when to stop.

import Foundation

/// How often and after how long a request is repeated.
package struct RetryPolicy: Sendable {
    /// Failures in a row without a byte between them.
    var mostFailures = 6
    /// Seconds before the first repetition; each further one waits twice as long.
    var firstDelay = 1.0
    var longestDelay = 60.0
    /// A server that asks for a longer pause is not waited for.
    var longestRequestedDelay = 300

    package init() {}

    package init(mostFailures: Int, firstDelay: Double) {
        (self.mostFailures, self.firstDelay) = (mostFailures, firstDelay)
    }
}

/// Why a request must be repeated.
enum RequestFailure: Error {
    case transfer(HTTPFailure)
    /// Status 429, with the seconds of `Retry-After`.
    case tooManyRequests(seconds: Int?)
    /// A status of 500 and more, with `Retry-After`.
    case server(status: Int, seconds: Int?)
    /// The body ended before its end.
    case short
    /// Not worth a repetition.
    case final(FetchError)

    /// `Retry-After` in seconds (RFC 9110, 10.2.3); a date is read too.
    static func seconds(_ answer: HTTPAnswer) -> Int? {
        guard let text = answer.headers["retry-after"] else { return nil }
        if let seconds = Int(text) { return max(0, seconds) }
        let format = DateFormatter()
        (format.locale, format.timeZone) = (Locale(identifier: "en_US_POSIX"), TimeZone(identifier: "GMT"))
        format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss zzz"
        return format.date(from: text).map { max(0, Int($0.timeIntervalSinceNow.rounded(.up))) }
    }
}

/// The failures of one request so far.
struct Retries {
    let policy: RetryPolicy
    /// Names what is fetched in messages: an address or a file.
    let subject: String
    private(set) var failures = 0

    init(_ policy: RetryPolicy, _ subject: String) { (self.policy, self.subject) = (policy, subject) }

    /// Something has arrived.
    mutating func succeed() { failures = 0 }

    /// Waits before the next attempt; throws where there must be none.
    ///
    /// - Parameter kept: bytes that the next process can continue from.
    mutating func wait(
        after failure: RequestFailure, kept: Int, report: (FetchEvent) -> Void
    ) throws(FetchError) {
        failures += 1
        let isLast = failures >= policy.mostFailures
        var delay = min(policy.longestDelay, policy.firstDelay * Double(1 << min(failures - 1, 20)))
        let reason: String
        switch failure {
        case .final(let error): throw error
        case .tooManyRequests(let seconds):
            if isLast || seconds ?? 0 > policy.longestRequestedDelay {
                throw .tooManyRequests(url: subject, seconds: seconds)
            }
            delay = seconds.map { max(delay, Double($0)) } ?? delay
            reason = "too many requests"
        case .server(let status, let seconds):
            if isLast || seconds ?? 0 > policy.longestRequestedDelay { throw .status(url: subject, status) }
            delay = seconds.map { max(delay, Double($0)) } ?? delay
            reason = "the server answered with status \(status)"
        case .transfer(let failure):
            if failure.kind == .untrusted { throw .untrusted(url: subject, reason: failure.reason) }
            if isLast { throw .interrupted(file: subject, reason: failure.reason, kept: kept) }
            reason = failure.reason
        case .short:
            if isLast { throw .interrupted(file: subject, reason: "the connection ended too early", kept: kept) }
            reason = "the connection ended too early"
        }
        if delay >= 1 { report(.note("\(subject): \(reason); again in \(Int(delay.rounded())) s")) }
        Thread.sleep(forTimeInterval: delay)
    }
}
