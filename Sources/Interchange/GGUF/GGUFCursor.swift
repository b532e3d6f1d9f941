// Reads the parts of a GGUF file's header one after the other, never beyond its end.

/// A place in the bytes of a GGUF file. Every method checks that the bytes are there before it reads or allocates; the
/// names of parts are made only for messages.
struct GGUFCursor {
    private let bytes: UnsafeRawBufferPointer
    private(set) var offset: Int

    /// Lists in lists, at most.
    static let deepestList = 8

    init(_ bytes: UnsafeRawBufferPointer, offset: Int) { (self.bytes, self.offset) = (bytes, offset) }

    private var rest: Int { bytes.count - offset }

    /// The next `count` bytes.
    private mutating func take(
        _ count: Int, _ part: @autoclosure () -> String
    ) throws(GGUFDefect) -> UnsafeRawBufferPointer {
        guard count <= rest else { throw .endsInside(part()) }
        defer { offset += count }
        return UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + count)])
    }

    mutating func integer<Value: FixedWidthInteger & BitwiseCopyable>(
        _ part: @autoclosure () -> String
    ) throws(GGUFDefect) -> Value {
        Value(littleEndian: try take(MemoryLayout<Value>.size, part()).loadUnaligned(as: Value.self))
    }

    /// How many things follow that each take at least some bytes: no more than the file has room for.
    mutating func count(minimumBytes: Int, _ part: @autoclosure () -> String) throws(GGUFDefect) -> Int {
        let value: UInt64 = try integer(part())
        return try checked(value, minimumBytes: minimumBytes, part())
    }

    /// A number of things as an `Int`, once it is known that the file has room for them.
    func checked(
        _ count: UInt64, minimumBytes: Int, _ part: @autoclosure () -> String
    ) throws(GGUFDefect) -> Int {
        guard count <= UInt64(rest / minimumBytes) else { throw .endsInside(part()) }
        return Int(count)
    }

    /// The bytes of a text.
    private mutating func textBytes(_ part: @autoclosure () -> String) throws(GGUFDefect) -> UnsafeRawBufferPointer {
        try take(try count(minimumBytes: 1, part()), part())
    }

    mutating func text(_ part: @autoclosure () -> String) throws(GGUFDefect) -> String {
        guard let text = String(validating: try textBytes(part()), as: UTF8.self) else { throw .notText(part()) }
        return text
    }

    /// The value of a key, with the type in front of it.
    mutating func value(_ key: String) throws(GGUFDefect) -> GGUFValue {
        func part() -> String { "the value of \(quoted(key))" }
        let type = try valueType(key)
        switch type {
        case .text: return .text(try text(part()))
        case .list: return .list(try list(key, depth: 1))
        default: return type.scalar(try scalars(type, count: 1, key))
        }
    }

    private mutating func valueType(_ key: String) throws(GGUFDefect) -> GGUFValueType {
        let number: UInt32 = try integer("the value of \(quoted(key))")
        guard let type = GGUFValueType(rawValue: number) else { throw .valueType(key: key, type: number) }
        return type
    }

    private mutating func list(_ key: String, depth: Int) throws(GGUFDefect) -> GGUFList {
        guard depth <= GGUFCursor.deepestList else { throw .tooDeep(key: key) }
        func part() -> String { "the value of \(quoted(key))" }
        let type = try valueType(key)
        let count = try count(minimumBytes: type.minimumBytes, part())
        switch type {
        case .text:
            var (texts, ends) = ([UInt8](), [Int]())
            for _ in 0..<count {
                texts += try textBytes(part())
                ends.append(texts.count)
            }
            return GGUFList(storage: .texts(texts, ends: ends))
        case .list:
            var lists: [GGUFList] = []
            for _ in 0..<count { lists.append(try list(key, depth: depth + 1)) }
            return GGUFList(storage: .lists(lists))
        default: return GGUFList(storage: .scalars(type, copied(try scalars(type, count: count, key))))
        }
    }

    /// The bytes of numbers or flags.
    private mutating func scalars(
        _ type: GGUFValueType, count: Int, _ key: String
    ) throws(GGUFDefect) -> UnsafeRawBufferPointer {
        let values = try take(count * type.minimumBytes, "the value of \(quoted(key))")
        if type == .bool, let wrong = values.first(where: { $0 > 1 }) { throw .flag(key: key, byte: wrong) }
        return values
    }

    /// A tensor's description: name, number of axes, sizes fastest axis first, type, offset in the body.
    mutating func tensor() throws(GGUFDefect) -> GGUFDescription {
        let name = try text("a tensor's name")
        func part() -> String { "the description of tensor \(quoted(name))" }
        let axes: UInt32 = try integer(part())
        guard axes <= 4 else { throw .axes(tensor: name, count: axes) }
        var (shape, product) = ([Int](), 1)
        for _ in 0..<axes {
            let number: UInt64 = try integer(part())
            guard let size = Int(exactly: number), size > 0 else { throw .shape(tensor: name) }
            let (next, overflow) = product.multipliedReportingOverflow(by: size)
            guard !overflow else { throw .shape(tensor: name) }
            product = next
            shape.append(size)
        }
        return GGUFDescription(
            name: name, shape: shape.reversed(), type: try integer(part()), offset: try integer(part()))
    }
}

/// A tensor as the file describes it, not yet checked against the file's size.
struct GGUFDescription {
    let name: String
    /// Slowest axis first; the product is an `Int`.
    let shape: [Int]
    let type: UInt32
    /// From the start of the body.
    let offset: UInt64
}

/// A copy, made where a copy cannot be the last act of a throwing function: see `FloatConversion.copySingles`.
@inline(never)
private func copied(_ bytes: UnsafeRawBufferPointer) -> [UInt8] { Array(bytes) }
