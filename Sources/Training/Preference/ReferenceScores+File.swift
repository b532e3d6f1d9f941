// Reference scores as a file next to a run.

import Checkpoint
import Foundation

extension ReferenceScores {
    private static let magic = Array("LUTHREF1".utf8)

    /// Magic, SHA-256 of key and numbers, and the numbers: how many answers there are, their scores, and those of other
    /// answers after the same prompts; eight bytes each.
    func serialized(key: String) -> [UInt8] {
        var numbers = withUnsafeBytes(of: UInt64(answers.count)) { [UInt8]($0) }
        for list in [answers, mismatched] { list.withUnsafeBytes { numbers += $0 } }
        return Self.magic + Self.digest(key, numbers[...]) + numbers
    }

    /// Reads a file of this key; nil where it is another's, or damaged.
    init?(_ bytes: [UInt8], key: String) {
        let head = Self.magic.count + SHA256Digest.byteCount
        let numbers = bytes.dropFirst(head)
        guard bytes.starts(with: Self.magic), !numbers.isEmpty, numbers.count % 8 == 0,
            Self.digest(key, numbers) == Array(bytes[Self.magic.count..<head])
        else { return nil }
        let words = numbers.withUnsafeBytes { buffer in
            (0..<(buffer.count / 8)).map { buffer.loadUnaligned(fromByteOffset: 8 * $0, as: UInt64.self) }
        }
        guard let count = Int(exactly: words[0]), count < words.count else { return nil }
        let scores = words.dropFirst().map { Double(bitPattern: $0) }
        self.init(answers: Array(scores.prefix(count)), mismatched: Array(scores.dropFirst(count)))
    }

    private static func digest(_ key: String, _ numbers: ArraySlice<UInt8>) -> [UInt8] {
        var digest = SHA256Digest()
        Array(key.utf8).withUnsafeBytes { digest.update($0) }
        numbers.withUnsafeBytes { digest.update($0) }
        return digest.finish()
    }
}
