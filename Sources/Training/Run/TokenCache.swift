// Tokens kept on disk, so that a large text is encoded once; replaced when the text or the tokenizer changes.

import Checkpoint
import Datasets
import Files
import Foundation
import Tokenizer

/// One split's tokens in a file, under a key over everything that they depend on.
package struct TokenCache: Sendable {
    /// Splits with fewer bytes are encoded in a moment, and not kept.
    package static let smallestBytes = 16 << 20

    /// The folder of all caches.
    package let folder: String
    /// Whether tokens that are not there yet are left unwritten.
    let isReadOnly: Bool
    private static let magic = Array("LUTHTOK2".utf8)

    package init(folder: String, isReadOnly: Bool = false) { (self.folder, self.isReadOnly) = (folder, isReadOnly) }

    /// The tokens of `documents`: from the file where its key agrees, else encoded and written there. A file that
    /// cannot be read or written costs time, never the run.
    ///
    /// - Parameters:
    ///   - name: the split's; each has one file, which the next key replaces.
    ///   - content: a hash of the files' contents and of how they were divided.
    package func tokens(
        of documents: [Document], name: String, content: String, tokenizer: Tokenizer, _ options: EncodingOptions
    ) throws(DatasetError) -> TokenizedText {
        let path = "\(folder)/\(name).tokens"
        let key = TokenCache.key(content: content, tokenizer: tokenizer, options)
        if let data = FileManager.default.contents(atPath: path), let text = TokenCache.read([UInt8](data), key: key) {
            return text
        }
        let text = try TokenizedText(documents, tokenizer: tokenizer, options)
        guard !isReadOnly else { return text }
        try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try? AtomicFile.write(TokenCache.serialized(text, key: key), to: path)
        return text
    }

    /// What the tokens depend on, as 32 bytes.
    private static func key(content: String, tokenizer: Tokenizer, _ options: EncodingOptions) -> [UInt8] {
        var digest = SHA256Digest()
        let settings =
            "\(content) \(options.startToken) \(options.endsTexts) \(options.template.json.serialized()) "
            + "\(options.promptLossWeight) \(options.overlong.rawValue) \(options.contextLength) "
            + "\(options.dropsRowsWithoutLoss)"
        for bytes in [tokenizer.serialized(), Array(settings.utf8)] { bytes.withUnsafeBytes { digest.update($0) } }
        return digest.finish()
    }

    /// Magic, key, SHA-256 of the rest; then lists, each with its length: paths, tokens, weights, sources, remarks.
    private static func serialized(_ text: TokenizedText, key: [UInt8]) -> [UInt8] {
        var writer = CacheWriter()
        var numbers: [String: Int] = [:]
        let remarks = text.dropped + text.cut
        for path in text.sources.map(\.path) + remarks.map(\.path) where numbers[path] == nil {
            numbers[path] = numbers.count
        }
        writer.append(numbers.sorted { $0.value < $1.value }.map(\.key))
        writer.append(text.tokens)
        writer.append(text.weights)
        var sources: [Int64] = []
        for source in text.sources {
            let flags: Int64 = (source.isStream ? 1 : 0) + (source.hasAnswers ? 2 : 0)
            sources += [Int64(numbers[source.path] ?? 0), Int64(source.line)]
            sources += [Int64(source.tokens.lowerBound), Int64(source.tokens.upperBound), flags]
            sources += [Int64(source.judgement?.rawValue ?? 0), Int64(source.answerStart)]
        }
        writer.append(sources)
        var places: [Int64] = []
        for remark in remarks { places += [Int64(numbers[remark.path] ?? 0), Int64(remark.line)] }
        writer.append(places)
        writer.append(remarks.map(\.reason))
        writer.append([Int64(text.dropped.count)])
        var digest = SHA256Digest()
        writer.bytes.withUnsafeBytes { digest.update($0) }
        var bytes = magic
        bytes += key
        bytes += digest.finish()
        bytes += writer.bytes
        return bytes
    }

    /// Reads a file of this key; nil where it is another's, or damaged.
    private static func read(_ bytes: [UInt8], key: [UInt8]) -> TokenizedText? {
        let head = magic.count + 2 * SHA256Digest.byteCount
        guard bytes.count >= head, bytes.starts(with: magic + key) else { return nil }
        var digest = SHA256Digest()
        bytes.withUnsafeBytes { digest.update(UnsafeRawBufferPointer(rebasing: $0[head...])) }
        guard digest.finish() == Array(bytes[(head - SHA256Digest.byteCount)..<head]) else { return nil }
        var reader = CacheReader(bytes: bytes, offset: head)
        guard let paths = reader.texts(), let tokens: [Int32] = reader.numbers(),
            let weights: [Float] = reader.numbers(),
            let sources: [Int64] = reader.numbers(), let remarks: [Int64] = reader.numbers(),
            let reasons = reader.texts(), let counts: [Int64] = reader.numbers(), let droppedCount = counts.first
        else { return nil }
        var list: [TokenizedText.Source] = []
        for index in stride(from: 0, to: sources.count, by: 7) {
            let range = Int(sources[index + 2])..<Int(sources[index + 3])
            let flags = sources[index + 4]
            list.append(
                .init(
                    path: paths[Int(sources[index])], line: Int(sources[index + 1]), tokens: range,
                    isStream: flags & 1 != 0, hasAnswers: flags & 2 != 0,
                    judgement: .init(rawValue: Int(sources[index + 5])), answerStart: Int(sources[index + 6])))
        }
        var notes: [TokenizedText.Remark] = []
        for (index, reason) in reasons.enumerated() {
            notes.append(
                .init(path: paths[Int(remarks[2 * index])], line: Int(remarks[2 * index + 1]), reason: reason))
        }
        return TokenizedText(
            tokens: tokens, weights: weights, sources: list, dropped: Array(notes.prefix(Int(droppedCount))),
            cut: Array(notes.dropFirst(Int(droppedCount))))
    }
}

/// Lists of numbers and texts as bytes, each with its length in front; the machine's own byte order.
private struct CacheWriter {
    private(set) var bytes: [UInt8] = []

    mutating func append<Number: BitwiseCopyable>(_ numbers: [Number]) {
        withUnsafeBytes(of: Int64(numbers.count)) { bytes += $0 }
        numbers.withUnsafeBytes { bytes += $0 }
    }

    mutating func append(_ texts: [String]) {
        append(texts.map { Int64($0.utf8.count) })
        for text in texts { bytes += Array(text.utf8) }
    }
}

/// The way back; its bytes are known by their hash.
private struct CacheReader {
    let bytes: [UInt8]
    var offset: Int

    mutating func numbers<Number: BitwiseCopyable>() -> [Number]? {
        guard offset + 8 <= bytes.count else { return nil }
        let count = Int(bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Int64.self) })
        let size = MemoryLayout<Number>.stride
        guard count >= 0, count <= (bytes.count - offset - 8) / size else { return nil }
        let start = offset + 8
        offset = start + count * size
        return bytes.withUnsafeBytes { buffer in
            (0..<count).map { buffer.loadUnaligned(fromByteOffset: start + $0 * size, as: Number.self) }
        }
    }

    mutating func texts() -> [String]? {
        guard let lengths: [Int64] = numbers() else { return nil }
        var texts: [String] = []
        for length in lengths {
            guard length >= 0, Int(length) <= bytes.count - offset else { return nil }
            texts.append(String(decoding: bytes[offset..<offset + Int(length)], as: UTF8.self))
            offset += Int(length)
        }
        return texts
    }
}
