// What can be wrong with the folder of a sentence encoder.

import Interchange

/// One case per defect; the description is the error message.
package enum EncoderError: Error, CustomStringConvertible {
    case unreadable(path: String, reason: String)
    case badConfig(path: String, String)
    /// Something that would change the vectors and is not computed here.
    case unsupported(path: String, key: String, value: String, supported: [String])
    case missingTensor(path: String, name: String)
    case tensorShape(path: String, name: String, found: [Int], expected: [Int])
    case tensorNotFinite(path: String, name: String, index: Int)
    case weights(InterchangeError)

    package var description: String {
        switch self {
        case .unreadable(let path, let reason): "\(path) cannot be read: \(reason)"
        case .badConfig(let path, let text): "\(path): \(text)"
        case .unsupported(let path, let key, let value, let supported):
            "\(path): \(key) \"\(value)\" is not supported; it takes \(supported.joined(separator: ", "))"
        case .missingTensor(let path, let name): "\(path) has no tensor \(name)"
        case .tensorShape(let path, let name, let found, let expected):
            "\(path): tensor \(name) has the shape \(found), not \(expected)"
        case .tensorNotFinite(let path, let name, let index): "\(path): tensor \(name) is not finite at index \(index)"
        case .weights(let error): "\(error)"
        }
    }
}
