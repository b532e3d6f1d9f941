// A form with files (multipart/form-data, RFC 7578), read strictly and without holding its files in memory.

import Foundation

/// The parts of a form: where each is in the body. Their bytes are read or copied when they are asked for.
package struct Multipart: Sendable {
    /// One field, or one file.
    package struct Part: Sendable, Equatable {
        package let name: String
        /// As the client says it, perhaps a path, perhaps hostile: to be shown only. Nil for a field.
        package let filename: String?
        package let contentType: String?
        /// The place of the content in the body.
        package let range: Range<Int>

        package var count: Int { range.count }
    }

    /// The most parts, and the most bytes of one part's header.
    package static let (mostParts, mostHeaderBytes) = (64, 8192)

    /// In order.
    package let parts: [Part]
    private let source: FormSource

    /// The form that is a request's body.
    package init(_ request: HTTPRequest) throws(MultipartError) {
        guard let boundary = Multipart.boundary(in: request.header("Content-Type")) else { throw .notAForm }
        if let path = request.bodyFile {
            try self.init(file: path, boundary: boundary)
        } else {
            try self.init(bytes: request.body, boundary: boundary)
        }
    }

    package init(bytes: [UInt8], boundary: String) throws(MultipartError) {
        try self.init(FormSource(.bytes(bytes)), boundary)
    }

    /// - Parameter path: of a file that stays as it is while the form is used.
    package init(file path: String, boundary: String) throws(MultipartError) {
        try self.init(FormSource(.file(path)), boundary)
    }

    private init(_ source: FormSource, _ boundary: String) throws(MultipartError) {
        self.source = source
        parts = try source.reading { (reader) throws(MultipartError) in
            var parser = MultipartParser(reader, boundary: boundary)
            return try parser.parse()
        }
    }

    /// The first part with this name.
    package func part(_ name: String) -> Part? { parts.first { $0.name == name } }

    /// The content of a part.
    package func bytes(of part: Part, most limit: Int) throws(MultipartError) -> [UInt8] {
        guard part.count <= limit else { throw .tooLong(name: part.name, limit: limit) }
        return try beginning(of: part, limit)
    }

    /// At most the first `count` bytes of a part.
    package func beginning(of part: Part, _ count: Int) throws(MultipartError) -> [UInt8] {
        try source.reading { (reader) throws(MultipartError) in
            try reader.bytes(part.range.lowerBound..<(part.range.lowerBound + min(part.count, max(0, count))))
        }
    }

    /// The content of a part, which must be UTF-8.
    package func text(of part: Part, most limit: Int = 65_536) throws(MultipartError) -> String {
        guard let text = String(validating: try bytes(of: part, most: limit), as: UTF8.self) else {
            throw .notText(name: part.name)
        }
        return text
    }

    /// Copies a part to a new file that only its owner may read, and waits until it is on the disk. An existing file is
    /// an error. The number of bytes.
    @discardableResult
    package func write(_ part: Part, to path: String) throws(MultipartError) -> Int {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Multipart.failure(errno) }
        do throws(MultipartError) {
            try source.reading { (reader) throws(MultipartError) in
                try reader.blocks(part.range) { (block) throws(MultipartError) in
                    let number = block.withUnsafeBytes { writeCompletely($0, to: descriptor) }
                    if number != 0 { throw Multipart.failure(number) }
                }
            }
            guard fsync(descriptor) == 0 else { throw Multipart.failure(errno) }
        } catch {
            close(descriptor)
            unlink(path)
            throw error
        }
        guard close(descriptor) == 0 else {
            let error = Multipart.failure(errno)
            unlink(path)
            throw error
        }
        return part.count
    }

    /// The reason has no path.
    private static func failure(_ number: Int32) -> MultipartError {
        number == ENOSPC || number == EDQUOT ? .diskFull : .unwritable(reason: String(cString: strerror(number)))
    }

    /// The boundary in the `Content-Type` of a form; nil if there is none or it is not valid (RFC 2046, section 5.1.1).
    package static func boundary(in contentType: String?) -> String? {
        guard let contentType, HeaderRules.mediaType(contentType) == "multipart/form-data" else { return nil }
        guard let parameters = HeaderParameters(contentType), let boundary = parameters["boundary"] else { return nil }
        let isValid = boundary.utf8.allSatisfy { byte in
            HeaderRules.isTokenByte(byte) || "()+_,-./:=? ".utf8.contains(byte)
        }
        return isValid && 1...70 ~= boundary.utf8.count && !boundary.hasSuffix(" ") ? boundary : nil
    }
}
