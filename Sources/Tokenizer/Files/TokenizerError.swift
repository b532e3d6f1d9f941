// What can be wrong with a tokenizer's files, with a text, or with ids.

import Files
import StrictJSON

/// One case per defect. Tokens are given as the file writes them.
package enum TokenizerError: Error, Equatable {
    /// The path names nothing.
    case noSuchFile(path: String)
    /// The folder holds none of the three forms of a tokenizer; `found` are files of other forms.
    case noTokenizerInFolder(path: String, found: [String] = [])
    case unreadable(path: String, reason: String)
    case unwritable(path: String, reason: String)
    case fileTooLarge(path: String, bytes: Int, limit: Int)
    /// A pointer text in the place of a file that Git LFS has not fetched.
    case gitLFSPointer(path: String, GitLFSPointer)
    case invalidJSON(file: String, error: JSONError)
    /// A member that must be there is not.
    case missingMember(FilePlace, name: String)
    case wrongType(FilePlace, name: String, expected: String, found: String)
    /// A component that would change the ids, and that is not known here.
    case unsupported(FilePlace, name: String, value: String)
    case invalidID(FilePlace, token: String)
    case duplicateID(FilePlace, token: String, id: Int, other: String)
    case tooManyTokens(FilePlace, count: Int, limit: Int)
    case emptyToken(FilePlace)
    case tokenTooLong(FilePlace, bytes: Int, limit: Int)
    /// A character that is not of GPT-2's byte alphabet.
    case foreignCharacter(FilePlace, token: String, character: Unicode.Scalar)
    /// An added token that also stands in the vocabulary, under another id.
    case contradictoryID(FilePlace, token: String, id: Int, vocabularyID: Int)
    case malformedMerge(FilePlace, text: String)
    /// One side of a merge is not in the vocabulary.
    case unknownMergePart(FilePlace, merge: String, part: String)
    /// What a merge makes is not in the vocabulary.
    case unknownMergeResult(FilePlace, merge: String, result: String)
    case duplicateMerge(FilePlace, merge: String, first: FilePlace)
    /// A list of something about each token that has another length than the list of tokens.
    case wrongCount(FilePlace, name: String, count: Int, expected: Int)
    /// A score that is no finite number.
    case badScore(FilePlace)
    /// A vocabulary of characters without a token for ▁.
    case noSpaceMark(file: String)
    /// The end-of-text token that the caller names is not in the vocabulary.
    case noEndOfText(file: String, name: String)
    /// The vocabulary has no token for a byte of the text.
    case missingByte(UInt8, offset: Int)
    case pieceTooLong(bytes: Int, limit: Int)
    case unknownID(Int, vocabularySize: Int)
    case vocabularySizeOutOfRange(Int, smallest: Int, largest: Int)
    case trainingTextTooLong(bytes: Int, limit: Int)
}

extension TokenizerError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .noSuchFile(let path): "\(path): there is no such file or folder"
        case .noTokenizerInFolder(let path, let found):
            "\(path): this folder holds no tokenizer; it needs tokenizer.json, or vocab.json and merges.txt, "
                + "or encoder.json and vocab.bpe"
                + (found.isEmpty ? "" : "; \(found.joined(separator: ", ")) cannot be read")
        case .unreadable(let path, let reason): "\(path): cannot be read: \(reason)"
        case .unwritable(let path, let reason): "\(path): cannot be written: \(reason)"
        case .fileTooLarge(let path, let bytes, let limit):
            "\(path): has \(bytes) bytes, more than the limit of \(limit)"
        case .gitLFSPointer(let path, let pointer): "\(path) is \(pointer)"
        case .invalidJSON(let file, let error): "\(file), \(error)"
        case .missingMember(let place, let name): "\(place): \"\(name)\" is missing"
        case .wrongType(let place, let name, let expected, let found):
            "\(place): \"\(name)\" must be \(expected), but is \(found)"
        case .unsupported(let place, let name, let value):
            "\(place): \(name) is \(value), which changes the ids and is not supported"
        case .missingByte, .pieceTooLong, .unknownID, .vocabularySizeOutOfRange, .trainingTextTooLong: textDescription
        case .malformedMerge, .unknownMergePart, .unknownMergeResult, .duplicateMerge:
            mergeDescription
        default: vocabularyDescription
        }
    }

    /// What the reader can do, where there is something.
    package var hint: String? {
        switch self {
        case .gitLFSPointer(_, let pointer): pointer.hint
        case .noTokenizerInFolder(_, let found) where !found.isEmpty:
            "in Python: transformers.AutoTokenizer.from_pretrained(folder).save_pretrained(new_folder) writes tokenizer.json"
        default: nil
        }
    }

    private var vocabularyDescription: String {
        switch self {
        case .invalidID(let place, let token): "\(place): the id of \"\(token)\" must be a whole number from 0 on"
        case .duplicateID(let place, let token, let id, let other):
            "\(place): \"\(token)\" has id \(id), which \"\(other)\" has already"
        case .tooManyTokens(let place, let count, let limit):
            "\(place): \(count) tokens, more than the limit of \(limit)"
        case .emptyToken(let place): "\(place): a token without bytes"
        case .tokenTooLong(let place, let bytes, let limit):
            "\(place): a token of \(bytes) bytes, more than the limit of \(limit)"
        case .foreignCharacter(let place, let token, let character):
            "\(place): \"\(token)\" contains \(character) (U+\(String(character.value, radix: 16, uppercase: true))), "
                + "which stands for no byte in GPT-2's byte alphabet"
        case .contradictoryID(let place, let token, let id, let vocabularyID):
            "\(place): the added token \"\(token)\" has id \(id), but \(vocabularyID) in the vocabulary"
        case .noEndOfText(let file, let name): "\(file): the vocabulary has no token \"\(name)\" to end a text with"
        case .wrongCount(let place, let name, let count, let expected):
            "\(place): \(count) \(name) for \(expected) tokens"
        case .badScore(let place): "\(place): a score is not a finite number"
        case .noSpaceMark(let file): "\(file): spaces are written ▁, but the vocabulary has no such token"
        default: "the vocabulary cannot be used"
        }
    }

    private var mergeDescription: String {
        switch self {
        case .malformedMerge(let place, let text):
            "\(place): \"\(text)\" is not a merge; it must be two tokens with one space between"
        case .unknownMergePart(let place, let merge, let part):
            "\(place): the merge \"\(merge)\" uses \"\(part)\", which is not in the vocabulary"
        case .unknownMergeResult(let place, let merge, let result):
            "\(place): the merge \"\(merge)\" makes \"\(result)\", which is not in the vocabulary"
        case .duplicateMerge(let place, let merge, let first):
            "\(place): the merge \"\(merge)\" is already given at \(first)"
        default: "the merges cannot be used"
        }
    }

    private var textDescription: String {
        switch self {
        case .missingByte(let byte, let offset):
            "the vocabulary has no token for the byte 0x\(byte < 16 ? "0" : "")"
                + String(byte, radix: 16, uppercase: true)
                + ((33...126).contains(byte) ? " ('\(Character(Unicode.Scalar(byte)))')" : "")
                + " at offset \(offset) of the text"
        case .pieceTooLong(let bytes, let limit):
            "\(bytes) bytes of text without a place to cut them, more than the limit of \(limit)"
        case .unknownID(let id, let size):
            "\(id) is not the id of a token; the vocabulary has ids from 0 to \(size - 1)"
        case .vocabularySizeOutOfRange(let size, let smallest, let largest):
            "a vocabulary of \(size) tokens cannot be trained; the size must be from \(smallest) to \(largest)"
        case .trainingTextTooLong(let bytes, let limit):
            "\(bytes) bytes are too many to train on; the limit is \(limit)"
        default: "the text cannot be encoded"
        }
    }
}
