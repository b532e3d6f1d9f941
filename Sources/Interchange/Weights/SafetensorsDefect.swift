// The ways in which a file breaks the safetensors format, and the sentences that say so.

import StrictJSON

/// One case per defect. Offsets count from the start of the body, as the format's do.
package enum SafetensorsDefect: Error, Equatable, Sendable {
    /// The file ends inside the 8 bytes that give the header's length.
    case tooShort(bytes: Int)
    /// The header claims more bytes than any header may have.
    case headerTooLarge(bytes: UInt64, limit: Int)
    /// The header would go beyond the end of the file.
    case headerBeyondEnd(bytes: Int, fileBytes: Int)
    /// The first byte of the header is not `{`; nil where the header is empty.
    case headerStart(UInt8?)
    /// The header is not JSON, or has equal keys.
    case header(JSONError)
    /// `__metadata__` is something other than an object of strings; `key` is the member that is not a string.
    case metadataNotStrings(key: String?)
    /// The description of a tensor is not an object.
    case tensorNotObject(tensor: String, found: String)
    case missingField(tensor: String, field: String)
    case typeNotString(tensor: String, found: String)
    /// A type that the format does not have.
    case unknownType(tensor: String, type: String)
    /// The shape is not an array of integers from 0 up.
    case badShape(tensor: String)
    /// `data_offsets` is not an array of two integers from 0 up.
    case badOffsets(tensor: String)
    case reversedOffsets(tensor: String, start: Int, end: Int)
    /// The product of the sizes, or that times the element's size, has more than 63 bits.
    case sizeOverflow(tensor: String, shape: [Int])
    /// Elements of less than a byte that do not fill their last byte.
    case partialByte(tensor: String, type: String, shape: [Int])
    /// The offsets span another number of bytes than type and shape need.
    case sizeMismatch(tensor: String, type: String, shape: [Int], needed: Int, given: Int)
    /// Bytes before this tensor belong to none.
    case gap(tensor: String, start: Int, expected: Int)
    /// The tensor starts before the one in front of it ends.
    case overlap(tensor: String, start: Int, expected: Int)
    /// The tensors cover another number of bytes than follow the header.
    case bodySize(described: Int, given: Int)
    /// A tensor's type is one of the format's, but not one that weights are read from.
    case unreadableType(tensor: String, type: String)
}

extension SafetensorsDefect: CustomStringConvertible {
    package var description: String {
        switch self {
        case .tooShort(let bytes):
            "the file has \(bytes) bytes; a safetensors file starts with the 8 bytes of its header's length"
        case .headerTooLarge(let bytes, let limit):
            "the header claims \(bytes) bytes; the format allows \(limit)"
        case .headerBeyondEnd(let bytes, let fileBytes):
            "the header claims \(bytes) bytes, but only \(fileBytes - 8) follow its length"
        case .headerStart(nil): "the header is empty; it must start with {"
        case .headerStart(let byte?): "the header starts with the byte 0x\(hexadecimal(byte)); it must start with {"
        case .header(let error): "the header, \(error)"
        case .metadataNotStrings(nil): "__metadata__ must be an object whose values are strings"
        case .metadataNotStrings(let key?):
            "__metadata__ must hold only strings, and the value of \(quoted(key)) is none"
        case .bodySize(let described, let given):
            "the tensors cover \(described) bytes, but \(given) follow the header"
        default: tensorDescription
        }
    }

    /// The defects that belong to one tensor.
    private var tensorDescription: String {
        switch self {
        case .tensorNotObject(let tensor, let found):
            "tensor \(quoted(tensor)) is described by \(found) instead of an object"
        case .missingField(let tensor, let field): "tensor \(quoted(tensor)) has no \(field)"
        case .typeNotString(let tensor, let found): "tensor \(quoted(tensor)): dtype is \(found) instead of a string"
        case .unknownType(let tensor, let type):
            "tensor \(quoted(tensor)): the format has no type \(quoted(type))"
        case .badShape(let tensor): "tensor \(quoted(tensor)): shape must be an array of integers from 0 up"
        case .badOffsets(let tensor):
            "tensor \(quoted(tensor)): data_offsets must be an array of two integers from 0 up"
        case .reversedOffsets(let tensor, let start, let end):
            "tensor \(quoted(tensor)) ends at byte \(end), before its start at \(start)"
        case .sizeOverflow(let tensor, let shape):
            "tensor \(quoted(tensor)): the shape \(shape) has more bytes than can be counted"
        case .partialByte(let tensor, let type, let shape):
            "tensor \(quoted(tensor)): \(type) of shape \(shape) does not fill its last byte"
        case .sizeMismatch(let tensor, let type, let shape, let needed, let given):
            "tensor \(quoted(tensor)): \(type) of shape \(shape) needs \(needed) bytes, but data_offsets span \(given)"
        case .gap(let tensor, let start, let expected):
            "tensor \(quoted(tensor)) starts at byte \(start); the tensors before it end at \(expected), and the bytes "
                + "between belong to none"
        case .overlap(let tensor, let start, let expected):
            "tensor \(quoted(tensor)) starts at byte \(start), inside the tensors before it, which end at \(expected)"
        case .unreadableType(let tensor, let type):
            "tensor \(quoted(tensor)) is stored as \(type); weights are read from F32, F16 and BF16"
        default: ""
        }
    }

    var hint: String? {
        switch self {
        case .tooShort, .headerTooLarge, .headerBeyondEnd, .headerStart, .bodySize:
            "the file is not complete or not in this format; fetch or write it again"
        default: nil
        }
    }
}

/// Text from a file as part of a message: in double quotes, control characters escaped, cut where it is long.
func quoted(_ text: String) -> String {
    let scalars = text.unicodeScalars
    let shown = scalars.count > 80 ? String(String.UnicodeScalarView(scalars.prefix(80))) + "…" : text
    return JSONOutput.string(shown).serialized()
}

private func hexadecimal(_ byte: UInt8) -> String {
    (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
}
