// Feeds the reader of GGUF files with whatever the fuzzer thinks of: it must not trap, and what it accepts it must read.

import Files
import Interchange
import Tokenizer

/// Called by libFuzzer with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let file = UnsafeRawBufferPointer(start: start, count: count)
    if let pointer = GitLFSPointer.detect(file) { say(.gitLFSPointer(file: "m", pointer)) }
    do throws(GGUFDefect) {
        let header = try GGUFHeader(file)
        ask(header.metadata)
        for entry in header.entries { read(entry, of: file) }
    } catch {
        say(.gguf(file: "m", error))
    }
    return 0
}

/// Every question of every key.
private func ask(_ metadata: GGUFMetadata) {
    func attempt(_ body: () throws(GGUFDefect) -> Void) {
        do throws(GGUFDefect) { try body() } catch { say(.gguf(file: "m", error)) }
    }
    for (key, value) in metadata {
        precondition(metadata[key] == value || value.holdsNaN, key)
        attempt { () throws(GGUFDefect) in _ = try metadata.integer(key) }
        attempt { () throws(GGUFDefect) in _ = try metadata.integer(key, in: -9...9) }
        attempt { () throws(GGUFDefect) in _ = try metadata.number(key, in: -1...1) }
        attempt { () throws(GGUFDefect) in _ = try metadata.flag(key) }
        attempt { () throws(GGUFDefect) in _ = try metadata.text(key) }
        attempt { () throws(GGUFDefect) in _ = try metadata.texts(key) }
        attempt { () throws(GGUFDefect) in _ = try metadata.integers(key, in: -9...9, count: 3) }
        attempt { () throws(GGUFDefect) in _ = try metadata.numbersIfPresent(key) }
        attempt { () throws(GGUFDefect) in _ = try metadata.flagsIfPresent(key) }
    }
    attempt { () throws(GGUFDefect) in makeTokenizer(try GGUFTokenizerKeys(metadata)) }
}

/// A tokenizer of the values, which must encode.
private func makeTokenizer(_ keys: GGUFTokenizerKeys) {
    do throws(TokenizerError) {
        let tokenizer = try Tokenizer(gguf: GGUFVocabulary(keys))
        _ = try tokenizer.decode(try tokenizer.encode("a b\u{E9}▁1", findsSpecialTokens: true).map { Int($0) })
    } catch {
        precondition(!error.description.isEmpty)
    }
}

/// Every row of a tensor, in every order of the file.
private func read(_ entry: GGUFEntry, of file: UnsafeRawBufferPointer) {
    precondition(!entry.typeName.isEmpty && (entry.type?.isRead ?? true || entry.type?.isWritten == false))
    // A tensor of a type that is not known may claim any size; the sizes of the others are bounded by the file's.
    let isRead = entry.type?.isRead ?? false
    var values = [Float](repeating: 0, count: isRead ? entry.count : 0)
    let count = entry.rowCount
    for order in [GGUFRowOrder.same, .rotaryPairs(headWidth: 4), .queriesKeysValues(headWidth: 2)] {
        do throws(GGUFDefect) {
            try values.withUnsafeMutableBufferPointer { (buffer) throws(GGUFDefect) in
                try entry.decode(0..<(isRead ? count : 0), order: order, from: file, into: buffer)
            }
            for row in 0..<count {
                let fileRow = order.fileRow(ofModelRow: row, rowCount: count)
                precondition(order.modelRow(ofFileRow: fileRow, rowCount: count) == row, "row \(row) in \(order)")
            }
        } catch {
            say(.gguf(file: "m", error))
        }
    }
}

/// Every defect has a sentence of one line.
private func say(_ error: InterchangeError) {
    for text in [error.description, error.hint ?? "-"] {
        precondition(!text.isEmpty && !text.utf8.contains(UInt8(ascii: "\n")), text)
    }
}

extension GGUFValue {
    /// Values with a NaN do not equal themselves.
    fileprivate var holdsNaN: Bool {
        switch self {
        case .number(let number): number.isNaN
        case .list(let list): list.contains { $0.holdsNaN }
        default: false
        }
    }
}
