// Recognises the short text that Git LFS leaves in the place of a large file, so that a reader can name the fix.

/// A pointer of Git Large File Storage: a text that stands for a file which was not downloaded with its repository.
///
/// Format: lines of a key, a space and a value; `version` comes first, then `oid` and `size` (git-lfs, docs/spec.md).
package struct GitLFSPointer: Sendable, Equatable {
    /// SHA-256 of the file that it stands for, in hexadecimal.
    package let digest: String
    /// Bytes of the file that it stands for.
    package let byteCount: Int
    /// Bytes of the pointer itself.
    package let pointerBytes: Int

    /// The most bytes that a pointer may have, by its specification.
    package static let largestBytes = 1024

    /// The pointer that all of a file's `bytes` are, or nil where they are something else.
    package static func detect(_ bytes: UnsafeRawBufferPointer) -> GitLFSPointer? {
        let start = "version https://git-lfs"
        guard bytes.count <= largestBytes, bytes.starts(with: start.utf8),
            let text = String(validating: bytes, as: UTF8.self)
        else { return nil }
        var (digest, byteCount) = (String?.none, Int?.none)
        for line in text.split(whereSeparator: \.isNewline) {
            let words = line.split(separator: " ", maxSplits: 1)
            guard words.count == 2 else { continue }
            switch words[0] {
            case "oid" where words[1].hasPrefix("sha256:"):
                let digits = words[1].dropFirst("sha256:".count)
                if digits.utf8.count == 64, digits.allSatisfy(\.isHexDigit) { digest = String(digits) }
            case "size": byteCount = Int(words[1])
            default: break
            }
        }
        guard let digest, let byteCount, byteCount >= 0 else { return nil }
        return GitLFSPointer(digest: digest, byteCount: byteCount, pointerBytes: bytes.count)
    }

    /// What the reader can do about it.
    package var hint: String {
        "run `git lfs pull` in the repository that it came from, or download the file itself"
    }
}

extension GitLFSPointer: CustomStringConvertible {
    package var description: String {
        "a Git LFS pointer, a text of \(pointerBytes) bytes in the place of a file of \(byteCount) bytes"
    }
}
