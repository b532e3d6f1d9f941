// The symbols with which merging begins, where some characters or bytes have none of their own.

/// Writes the tokens of characters or bytes, one after another.
///
/// What has no token becomes the tokens of its bytes, where the vocabulary has all of them; else the token for what is
/// unknown; else nothing. This is the order of Hugging Face's BPE, down to its habit of writing an unknown character
/// only when a known one follows, behind the bytes of those between.
struct SymbolWriter {
    private let tables: EncodingTables
    private let tokens: UnsafeMutablePointer<Int32>
    private var count = 0
    private var isUnknownPending = false

    /// - Parameter tokens: has room for a token for each byte that will be written.
    init(_ tables: EncodingTables, _ tokens: UnsafeMutablePointer<Int32>) {
        self.tables = tables
        self.tokens = tokens
    }

    /// Writes a text by its characters; a byte that is not part of well-formed UTF-8 is one by itself. Spaces stand for
    /// ▁. Returns the number of tokens.
    mutating func write(_ text: UnsafePointer<UInt8>, _ length: Int, _ characters: CharacterTable) -> Int {
        var offset = 0
        while offset < length {
            let found = UTF8Scalar.next(text + offset, available: length - offset)
            let width = found?.width ?? 1
            let token = found.map { characters[$0.value] } ?? -1
            if token >= 0 {
                append(token)
            } else {
                appendMissing(UnsafeBufferPointer(start: text + offset, count: width))
            }
            offset += width
        }
        return finish()
    }

    /// Writes a text byte by byte.
    mutating func write(_ text: UnsafePointer<UInt8>, _ length: Int) -> Int {
        for offset in 0..<length {
            let token = tables.tokenOfByte[Int(text[offset])]
            if token >= 0 { append(token) } else { noteUnknown() }
        }
        return finish()
    }

    mutating func append(_ token: Int32) {
        if isUnknownPending { put(tables.unknownID) }
        isUnknownPending = false
        put(token)
    }

    /// Writes a character that has no token.
    mutating func appendMissing(_ bytes: some Collection<UInt8>) {
        guard bytes.allSatisfy({ tables.tokenOfByte[Int($0)] >= 0 }) else { return noteUnknown() }
        for byte in bytes { put(tables.tokenOfByte[Int(byte)]) }
    }

    mutating func finish() -> Int {
        if isUnknownPending { put(tables.unknownID) }
        isUnknownPending = false
        return count
    }

    private mutating func noteUnknown() {
        guard tables.unknownID >= 0 else { return }
        if isUnknownPending, !tables.fusesUnknown { put(tables.unknownID) }
        isUnknownPending = true
    }

    private mutating func put(_ token: Int32) {
        tokens[count] = token
        count += 1
    }
}
