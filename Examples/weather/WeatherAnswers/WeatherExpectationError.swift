// What can be wrong with a file of expectations.

import StrictJSON

/// One case per defect; the description is the message that a person reads.
package enum WeatherExpectationError: Error, Equatable, CustomStringConvertible {
    case unreadable(path: String)
    /// A file without a single line.
    case empty(path: String)
    case notJSON(path: String, line: Int, column: Int, defect: JSONDefect)
    case wrongType(path: String, line: Int, column: Int, key: String, expected: String, found: String)
    case missingKey(path: String, line: Int, key: String)
    case unknownKey(path: String, line: Int, column: Int, key: String, nearest: String?)
    case unknownValue(path: String, line: Int, column: Int, key: String, value: String, known: [String])
    /// No key of the line has something that the question asks for.
    case incomplete(path: String, line: Int, asks: String, key: String)

    package var description: String {
        switch self {
        case .unreadable(let path): "\(path) cannot be read"
        case .empty(let path): "\(path) holds no line"
        case .notJSON(let path, let line, let column, let defect): "\(path), line \(line), column \(column): \(defect)"
        case .wrongType(let path, let line, let column, let key, let expected, let found):
            "\(path), line \(line), column \(column): \(key) is \(found), where \(expected) is expected"
        case .missingKey(let path, let line, let key): "\(path), line \(line): the key \(key) is missing"
        case .unknownKey(let path, let line, let column, let key, let nearest):
            "\(path), line \(line), column \(column): the key \(key) is not known"
                + (nearest.map { "; did you mean \($0)?" } ?? "")
        case .unknownValue(let path, let line, let column, let key, let value, let known):
            "\(path), line \(line), column \(column): \(key) is \(value), which is not one of "
                + known.joined(separator: ", ")
        case .incomplete(let path, let line, let asks, let key):
            "\(path), line \(line): the question asks for \(asks), but the key \(key) is missing"
        }
    }

    /// What the reader can do about it.
    package var hint: String? {
        switch self {
        case .unreadable, .empty: "`python3 data/make_weather.py` writes the files again"
        default: nil
        }
    }
}
