// The ways in which a GGUF file breaks its format, or does not fit a model.

/// One case per defect.
package enum GGUFDefect: Error, Equatable, Sendable {
    case notGGUF
    case version(UInt32)
    /// The numbers are big-endian.
    case bigEndian
    /// The file ends inside of something that its own numbers promise.
    case endsInside(String)
    /// More keys or tensors than any model has.
    case tooMany(String, count: UInt64, limit: Int)
    case valueType(key: String, type: UInt32)
    /// A flag that is neither 0 nor 1.
    case flag(key: String, byte: UInt8)
    /// Lists in lists, deeper than is read.
    case tooDeep(key: String)
    case notText(String)
    case twice(String)
    case alignment(String)
    /// More axes than the format has.
    case axes(tensor: String, count: UInt32)
    case shape(tensor: String)
    /// Rows that are no whole number of the type's blocks.
    case partialBlock(tensor: String, type: GGUFType, rowWidth: Int)
    case misaligned(tensor: String, offset: UInt64, alignment: Int)
    case place(tensor: String, end: Int, fileBytes: Int)
    /// A tensor that begins before another one has ended.
    case overlap(tensor: String, other: String)
    case unreadableType(tensor: String, type: UInt32)
    /// Rows that cannot be put into the order of the model.
    case rowOrder(tensor: String, shape: [Int], order: GGUFRowOrder)
    case missing(tensor: String)
    case wrongShape(tensor: String, found: [Int], expected: [Int])
    case missingKey(String)
    /// A key's value is of another kind than the key asks for.
    case wrongKind(key: String, found: String, expected: String)
    case outOfRange(key: String, value: String, range: String)
    /// Two lists of which one describes the other's elements.
    case wrongCount(key: String, count: Int, expected: Int)
    /// `general.architecture` names a family that is not read.
    case unsupportedArchitecture(String, supported: [String])
    /// The keys describe a model that this program cannot run.
    case badArchitecture(String)
    /// An element of `tokenizer.ggml.merges` that is not two texts with a space between them.
    case merge(index: Int, text: String)
}

extension GGUFDefect: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notGGUF: "the file does not begin with GGUF"
        case .version(let version): "the file has version \(version) of the format; 2 and 3 are read"
        case .bigEndian: "the file was written for big-endian machines; only little-endian files are read"
        case .endsInside(let part): "the file ends inside of \(part)"
        case .tooMany(let part, let count, let limit): "the file claims \(count) \(part); at most \(limit) are read"
        case .notText(let part): "\(part) is no UTF-8 text"
        case .twice(let name): "\(quoted(name)) is given twice"
        case .missing(let tensor): "the tensor \(quoted(tensor)) is missing"
        case .missingKey(let key): "the key \(quoted(key)) is missing"
        case .unsupportedArchitecture(let name, let supported):
            "the architecture \(quoted(name)) is not supported; supported: \(supported.joined(separator: ", "))"
        case .badArchitecture(let text): text
        case .valueType, .flag, .tooDeep, .alignment, .wrongKind, .outOfRange, .wrongCount, .merge: valueDescription
        default: tensorDescription
        }
    }

    /// The defects that belong to one value.
    private var valueDescription: String {
        switch self {
        case .valueType(let key, let type): "the value of \(quoted(key)) has the type \(type), which the format lacks"
        case .flag(let key, let byte): "the value of \(quoted(key)) holds a flag of \(byte); flags are 0 or 1"
        case .tooDeep(let key):
            "the value of \(quoted(key)) has lists in lists, more than \(GGUFCursor.deepestList) deep"
        case .alignment(let value): "general.alignment is \(value); it must be a power of two up to 65536"
        case .wrongKind(let key, let found, let expected):
            "the value of \(quoted(key)) is \(found), expected \(expected)"
        case .outOfRange(let key, let value, let range): "the value of \(quoted(key)) is \(value), expected \(range)"
        case .wrongCount(let key, let count, let expected):
            "\(quoted(key)) has \(count) elements, expected \(expected)"
        case .merge(let index, let text):
            "element \(index) of \"tokenizer.ggml.merges\" is \(quoted(text)), expected two texts with a space between"
        default: ""
        }
    }

    /// The defects that belong to one tensor.
    private var tensorDescription: String {
        switch self {
        case .axes(let tensor, let count): "tensor \(quoted(tensor)) has \(count) axes; the format has up to 4"
        case .shape(let tensor): "tensor \(quoted(tensor)) has a shape that no tensor can have"
        case .partialBlock(let tensor, let type, let width):
            "tensor \(quoted(tensor)) has rows of \(width) numbers, which the blocks of \(type.blockCount) of "
                + "\(type.name) do not divide"
        case .misaligned(let tensor, let offset, let alignment):
            "tensor \(quoted(tensor)) begins at \(offset) in the body, which is no multiple of \(alignment)"
        case .place(let tensor, let end, let bytes):
            "tensor \(quoted(tensor)) ends at byte \(end) of a file of \(bytes) bytes"
        case .overlap(let tensor, let other): "tensor \(quoted(tensor)) begins inside of tensor \(quoted(other))"
        case .unreadableType(let tensor, let type):
            "tensor \(quoted(tensor)) is stored as \(GGUFType.name(of: type)); "
                + "\(GGUFType.allCases.filter(\.isRead).map(\.name).joined(separator: ", ")) are read"
        case .rowOrder(let tensor, let shape, let order):
            "tensor \(quoted(tensor)) has the shape \(shape), whose rows are not \(order)"
        case .wrongShape(let tensor, let found, let expected):
            "tensor \(quoted(tensor)) has the shape \(found), expected \(expected)"
        default: ""
        }
    }

    /// What the reader can do, where there is something.
    var hint: String? {
        switch self {
        case .notGGUF, .endsInside, .place: "the file is not complete or not in this format; download it again"
        case .unreadableType: "choose a file of the same model in F16, Q8_0, Q6_K, Q5_K_M, Q4_K_M or Q4_0"
        default: nil
        }
    }
}
