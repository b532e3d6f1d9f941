// The ways in which a GGUF file breaks its format, or does not fit a model.

/// One case per defect.
public enum GGUFDefect: Error, Equatable, Sendable {
    case notGGUF
    case version(UInt32)
    /// The file ends inside of something that its own numbers promise.
    case endsInside(String)
    case valueType(key: String, type: UInt32)
    case notText(String)
    case twice(String)
    case alignment(Int)
    case shape(tensor: String)
    case place(tensor: String, end: Int, fileBytes: Int)
    case unreadableType(tensor: String, type: UInt32)
    case missing(tensor: String)
    case wrongShape(tensor: String, found: [Int], expected: [Int])
}

extension GGUFDefect: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notGGUF: "the file does not begin with GGUF"
        case .version(let version): "the file has version \(version) of the format; 2 and 3 are read"
        case .endsInside(let part): "the file ends inside of \(part)"
        case .valueType(let key, let type): "the value of \(quoted(key)) has the type \(type), which the format lacks"
        case .notText(let part): "\(part) is no UTF-8 text"
        case .twice(let name): "\(quoted(name)) is given twice"
        case .alignment(let value): "general.alignment is \(value); it must be a power of two up to 65536"
        case .shape(let tensor): "tensor \(quoted(tensor)) has a shape that no tensor can have"
        case .place(let tensor, let end, let bytes):
            "tensor \(quoted(tensor)) ends at byte \(end) of a file of \(bytes) bytes"
        case .unreadableType(let tensor, let type):
            "tensor \(quoted(tensor)) is stored as type \(type); F32, F16, BF16 and Q8_0 are read"
        case .missing(let tensor): "the tensor \(quoted(tensor)) is missing"
        case .wrongShape(let tensor, let found, let expected):
            "tensor \(quoted(tensor)) has the shape \(found), expected \(expected)"
        }
    }
}
