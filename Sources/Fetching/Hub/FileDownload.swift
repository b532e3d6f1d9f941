// Downloads one file of the hub: resumes after a broken connection, and verifies size and SHA-256.

import Files
import Foundation

struct FileDownload {
    let client: HubClient
    let url: String
    /// What the hub says of the file.
    let file: ModelFile
    /// Called with the number of bytes of the file that are there.
    let progress: (Int) -> Void

    /// Downloads to `destination`, which appears only when all of it is right.
    ///
    /// - Returns: the file with its size and hash.
    func run(to destination: String) throws(FetchError) -> ModelFile {
        let part = try FetchError.wrapping { () throws(FileError) in try PartFile(for: destination) }
        var known = file
        // Bytes of an earlier process may be of another version of the file.
        let isContinued = part.byteCount > 0
        var hash = try receive(part, &known)
        if let expected = known.sha256, expected != hash, isContinued {
            try FetchError.wrapping(part.restart)
            hash = try receive(part, &known)
        }
        if let expected = known.sha256, expected != hash {
            part.discard()
            throw .wrongHash(file: file.name, expected: expected, found: hash)
        }
        try FetchError.wrapping(part.publish)
        return ModelFile(name: file.name, bytes: part.byteCount, sha256: hash)
    }

    /// Asks until all bytes are there.
    ///
    /// - Returns: SHA-256 of the file.
    private func receive(_ part: PartFile, _ known: inout ModelFile) throws(FetchError) -> String {
        var retries = Retries(client.policy, file.name)
        if let bytes = known.bytes, part.byteCount > bytes { try FetchError.wrapping(part.restart) }
        var isOver = part.byteCount > 0 && part.byteCount == known.bytes
        while !isOver {
            let before = part.byteCount
            do throws(RequestFailure) {
                isOver = try attempt(part, &known)
                if !isOver { throw .short }
            } catch {
                // A server that says a wrong length may have sent everything.
                isOver = part.byteCount > 0 && part.byteCount == known.bytes
                if isOver { break }
                if part.byteCount > before { retries.succeed() }
                if case .short = error, part.byteCount == before {
                    // The server has no more bytes, or refuses the range.
                    do throws(FileError) { try part.restart() } catch { throw .file(error) }
                }
                try retries.wait(after: error, kept: part.byteCount, report: client.report)
            }
        }
        return part.hash()
    }

    /// One request for what is missing.
    ///
    /// - Returns: whether the file has all its bytes.
    private func attempt(_ part: PartFile, _ known: inout ModelFile) throws(RequestFailure) -> Bool {
        var headers: [(name: String, value: String)] = []
        let start = part.byteCount
        if start > 0 {
            headers.append(("Range", "bytes=\(start)-"))
            if let tag = part.tag { headers.append(("If-Range", tag)) }
        }
        var (failure, isFirst) = (RequestFailure?.none, true)
        let expected = known.bytes
        let outcome: HubAnswer
        do throws(RequestFailure) {
            outcome = try client.send(url, headers: headers) { answer, bytes in
                do throws(RequestFailure) {
                    if isFirst { try begin(part, answer, at: start) }
                    isFirst = false
                    try append(bytes, to: part, expected)
                    return true
                } catch let error {
                    failure = error
                    return false
                }
            }
        } catch {
            throw failure ?? error
        }
        known.bytes = known.bytes ?? outcome.linkedBytes
        known.sha256 = known.sha256 ?? outcome.linkedHash
        if part.byteCount == 0 { progress(0) }
        return known.bytes.map { $0 == part.byteCount } ?? true
    }

    /// Looks at the head of an answer with a body: does it continue the part?
    private func begin(_ part: PartFile, _ answer: HTTPAnswer, at start: Int) throws(RequestFailure) {
        let continues = answer.status == 206 && FileDownload.start(answer) == start
        if answer.status == 206, !continues { throw .short }
        do throws(FileError) {
            if !continues, part.byteCount > 0 { try part.restart() }
            let tag = answer.headers["etag"].flatMap { $0.hasPrefix("\"") ? $0 : nil }
            if tag != part.tag { try part.set(tag: tag) }
        } catch {
            throw .final(.file(error))
        }
    }

    private func append(
        _ bytes: UnsafeRawBufferPointer, to part: PartFile, _ expected: Int?
    ) throws(RequestFailure) {
        if let expected, part.byteCount + bytes.count > expected {
            throw .final(.wrongSize(file: file.name, expected: expected, found: part.byteCount + bytes.count))
        }
        do throws(FileError) { try part.append(bytes) } catch { throw .final(.file(error)) }
        progress(part.byteCount)
    }

    /// The first byte of `Content-Range: bytes 100-199/200`.
    private static func start(_ answer: HTTPAnswer) -> Int? {
        guard let text = answer.headers["content-range"], text.hasPrefix("bytes ") else { return nil }
        return text.dropFirst(6).split(separator: "-").first.flatMap { Int($0) }
    }
}
