// Byte-pair encodings: opened, learned, used and written.

internal import Datasets
internal import Tokenizer

/// A byte-level byte-pair encoding as in GPT-2: texts to token ids and back.
///
/// Decoding the ids of a text gives the same text. A tokenizer never changes; any number of threads may use it at once.
public struct TextTokenizer: Sendable, Equatable {
    private let tokenizer: Tokenizer

    init(_ tokenizer: Tokenizer) { self.tokenizer = tokenizer }

    /// Opens a tokenizer.
    ///
    /// - Parameters:
    ///   - path: a file like `tokenizer.json`, or a folder with `tokenizer.json`, or with `vocab.json` and `merges.txt`.
    ///   - endOfText: the name of the token that ends a text; without one, `<|endoftext|>` where it is there.
    /// - Throws: where there is no such file, or where it describes no byte-level byte-pair encoding.
    public init(contentsOf path: String, endOfText: String? = nil) throws(LuthierError) {
        do { tokenizer = try Tokenizer(path: path, endOfText: endOfText) } catch { throw LuthierError(error) }
    }

    /// Learns a vocabulary from texts: the 256 bytes, merges in the order of their frequency, and an end of text.
    ///
    /// - Parameters:
    ///   - texts: together fewer than 2³¹ bytes.
    ///   - vocabularySize: from 257 to 1,048,576; fewer tokens come out where the texts have no more pairs that occur
    ///     twice.
    public init(trainedOn texts: [String], vocabularySize: Int) throws(LuthierError) {
        self.init(try Self.trained(on: texts.map { Array($0.utf8) }, vocabularySize))
    }

    /// Learns a vocabulary from text files in UTF-8, as `init(trainedOn:vocabularySize:)` does from texts.
    ///
    /// - Parameters:
    ///   - paths: the files, together fewer than 2³¹ bytes.
    ///   - vocabularySize: from 257 to 1,048,576.
    public init(trainedOnFiles paths: [String], vocabularySize: Int) throws(LuthierError) {
        let texts = try LuthierError.wrapping { try paths.map { try TextFile(path: $0).bytes } }
        self.init(try Self.trained(on: texts, vocabularySize))
    }

    private static func trained(on texts: [[UInt8]], _ size: Int) throws(LuthierError) -> Tokenizer {
        do { return try Tokenizer.train(on: texts, vocabularySize: size) } catch { throw LuthierError(error) }
    }

    /// A tokenizer that needs no file: ids 0 to 255 are the bytes, 256 ends a text.
    public static let bytes = TextTokenizer(.bytes)

    /// How many tokens there are; ids are below it.
    public var vocabularySize: Int { tokenizer.vocabularySize }

    /// The id of the token that ends a text, where the vocabulary has one. No text is encoded to it.
    public var endOfTextID: Int? { tokenizer.endOfTextID }

    /// The ids of a text.
    ///
    /// - Throws: where the vocabulary lacks a byte of the text.
    public func encode(_ text: String) throws(LuthierError) -> [Int] {
        do { return try tokenizer.encode(text).map(Int.init) } catch { throw LuthierError(error) }
    }

    /// The text of ids; U+FFFD stands for bytes that are not UTF-8, as the ids of half a character give.
    ///
    /// - Throws: where an id is not in the vocabulary.
    public func decode(_ ids: [Int]) throws(LuthierError) -> String {
        do { return String(decoding: try tokenizer.decode(ids), as: UTF8.self) } catch { throw LuthierError(error) }
    }

    /// Writes `tokenizer.json`, `vocab.json` and `merges.txt`, which Hugging Face's libraries read.
    ///
    /// - Parameter folder: made where it is missing; files of these names in it are replaced.
    public func write(to folder: String) throws(LuthierError) {
        do { try tokenizer.write(to: folder) } catch { throw LuthierError(error) }
    }
}
