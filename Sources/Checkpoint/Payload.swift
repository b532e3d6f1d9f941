// The writer's input, and the checked bytes that it writes to the file.

/// An array to write: `values` in row-major order, valid during the call.
package struct ArrayRecord {
    /// The full name, `/model/h.0.attn.c_attn.weight`.
    package let name: String
    package let shape: [Int]
    package let values: UnsafeBufferPointer<Float>

    package init(name: String, shape: [Int], values: UnsafeBufferPointer<Float>) {
        self.name = name
        self.shape = shape
        self.values = values
    }
}

/// A text to write, such as `/config` or `/tokenizer`, as UTF-8 bytes.
package struct TextRecord: Sendable {
    package let name: String
    package let bytes: [UInt8]

    package init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
    }
}

/// One dataset of the file.
struct Payload: @unchecked Sendable {
    let name: String
    let shape: [Int]
    let type: StoredType
    let bytes: Bytes

    enum Bytes {
        /// The caller's memory.
        case borrowed(UnsafeRawBufferPointer)
        case owned([UInt8])
        case half([UInt16])
    }

    var byteCount: Int { shape.reduce(type.byteCount, *) }

    func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        switch bytes {
        case .borrowed(let buffer): try body(buffer)
        case .owned(let bytes):
            try bytes.withUnsafeBufferPointer { buffer throws(Failure) in try body(UnsafeRawBufferPointer(buffer)) }
        case .half(let values):
            try values.withUnsafeBufferPointer { buffer throws(Failure) in try body(UnsafeRawBufferPointer(buffer)) }
        }
    }

    /// All payloads in order, after all checks that do not need the disk.
    static func prepare(
        _ arrays: [ArrayRecord], _ texts: [TextRecord], _ elementType: ElementType
    ) throws(CheckpointError) -> [Payload] {
        var seen: Set<String> = []
        for name in arrays.map(\.name) + texts.map(\.name) {
            guard ObjectName.isValid(name) else { throw .invalidName(name) }
            guard seen.insert(name).inserted else { throw .duplicateName(name) }
        }
        var payloads: [Payload] = []
        for array in arrays { payloads.append(try Payload(array, elementType)) }
        for text in texts {
            guard !text.bytes.isEmpty else { throw .empty(name: text.name) }
            payloads.append(
                Payload(name: text.name, shape: [text.bytes.count], type: .text, bytes: .owned(text.bytes)))
        }
        return payloads
    }

    private init(name: String, shape: [Int], type: StoredType, bytes: Bytes) {
        self.name = name
        self.shape = shape
        self.type = type
        self.bytes = bytes
    }

    private init(_ array: ArrayRecord, _ elementType: ElementType) throws(CheckpointError) {
        let count = array.values.count
        guard !array.shape.isEmpty, array.shape.allSatisfy({ $0 > 0 }), count > 0 else {
            throw .empty(name: array.name)
        }
        guard ObjectName.product(array.shape) == count else {
            throw .shapeDoesNotMatchValues(name: array.name, shape: array.shape, count: count)
        }
        if let index = Finiteness.firstNonFinite(in: array.values) {
            throw .nonFinite(path: nil, name: array.name, index: index, value: array.values[index])
        }
        let bytes: Bytes
        switch elementType {
        case .float32: bytes = .borrowed(UnsafeRawBufferPointer(array.values))
        case .float16:
            let halves = array.values.map { Float16($0).bitPattern.littleEndian }
            if let index = halves.firstIndex(where: { UInt16(littleEndian: $0) & 0x7c00 == 0x7c00 }) {
                throw .beyondFloat16(name: array.name, index: index, value: array.values[index])
            }
            bytes = .half(halves)
        }
        self.init(name: array.name, shape: array.shape, type: .float(elementType), bytes: bytes)
    }
}

/// Rules for names and sizes, the same for writing and reading.
enum ObjectName {
    /// How many groups deep an array may be nested.
    static let maximumDepth = 4
    static let maximumRank = 8

    /// Whether `name` is a path whose parts have only letters, digits, `.`, `_` and `-`: `/model/h.0.ln_1.weight`.
    static func isValid(_ name: String) -> Bool {
        guard name.hasPrefix("/"), name.utf8.count < 1024 else { return false }
        let parts = name.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        return parts.count <= maximumDepth + 1 && parts.allSatisfy { isValidPart($0) }
    }

    static func isValidPart(_ part: some StringProtocol) -> Bool {
        guard !part.isEmpty, part != ".", part != ".." else { return false }
        return part.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
    }

    /// The product of `shape` and `factor`; nil if it overflows.
    static func product(_ shape: [Int], times factor: Int = 1) -> Int? {
        var result = factor
        for size in shape {
            let (product, overflow) = result.multipliedReportingOverflow(by: size)
            if overflow { return nil }
            result = product
        }
        return result
    }
}

/// Finds NaN and infinite values.
enum Finiteness {
    /// The index of the first NaN or infinity, or nil.
    static func firstNonFinite(in values: UnsafeBufferPointer<Float>) -> Int? {
        let pieceCount = 1 << 14
        var start = 0
        while start < values.count {
            let end = min(start + pieceCount, values.count)
            let piece = UnsafeBufferPointer(rebasing: values[start..<end])
            if !isAllFinite(piece), let index = piece.firstIndex(where: { !$0.isFinite }) { return start + index }
            start = end
        }
        return nil
    }

    /// Zero times a finite number is zero, and NaN otherwise, so the sum of these products shows it without a branch per
    /// value.
    private static func isAllFinite(_ values: UnsafeBufferPointer<Float>) -> Bool {
        let bytes = UnsafeRawBufferPointer(values)
        var sum = SIMD16<Float>.zero
        var index = 0
        while index + 16 <= values.count {
            sum += bytes.loadUnaligned(fromByteOffset: index * 4, as: SIMD16<Float>.self) * 0
            index += 16
        }
        var rest: Float = 0
        for index in index..<values.count { rest += values[index] * 0 }
        return (sum.sum() + rest) == 0
    }
}
