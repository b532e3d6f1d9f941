// What can be wrong with the data of a run.

/// One case per defect; the description is the message that a person reads.
public enum DatasetError: Error, Equatable, CustomStringConvertible {
    case fileNotFound(path: String)
    case isFolder(path: String)
    case notRegular(path: String)
    case unreadable(path: String)
    case tooLarge(path: String, bytes: Int, limit: Int)
    /// The column counts bytes.
    case invalidUTF8(path: String, line: Int, column: Int, byte: UInt8)
    /// A split without a single token to predict.
    case emptySplit(split: String, reason: String)
    case fractionsTooLarge(validation: Double, test: Double)
    case encoding(path: String, line: Int, reason: String)

    public var description: String {
        switch self {
        case .fileNotFound(let path): "\(path): no such file"
        case .isFolder(let path): "\(path) is a folder, where a text file was expected"
        case .notRegular(let path): "\(path) is no regular file"
        case .unreadable(let path): "\(path) cannot be read"
        case .tooLarge(let path, let bytes, let limit):
            "\(path) has \(bytes) bytes; the limit for one text file is \(limit)"
        case .invalidUTF8(let path, let line, let column, let byte):
            "\(path), line \(line), byte \(column): 0x\(hexadecimal(byte)) is no valid UTF-8"
        case .emptySplit(let split, let reason): "the \(split) split is empty: \(reason)"
        case .fractionsTooLarge(let validation, let test):
            "data.validationFraction \(validation) and data.testFraction \(test) leave nothing to train on"
        case .encoding(let path, let line, let reason): "\(path), line \(line): \(reason)"
        }
    }

    /// What the reader can do about it, where that is known.
    public var hint: String? {
        switch self {
        case .invalidUTF8: "save the file as UTF-8; `iconv -f latin1 -t utf-8 FILE` converts an older encoding"
        case .isFolder: "name the files inside it"
        case .emptySplit: "name a file for it under data, or give it a fraction"
        default: nil
        }
    }

    private func hexadecimal(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return digits.count == 1 ? "0" + digits : digits
    }
}
