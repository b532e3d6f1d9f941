// SHA-256 (FIPS 180-4) from OpenSSL, which uses the processor's SHA instructions.

import COpenSSL
import Files

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// An incremental SHA-256.
package struct SHA256Digest: ~Copyable {
    package static let byteCount = 32

    private let context: OpaquePointer

    package init() {
        // Both fail only if a few hundred bytes of memory are not available.
        guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
            preconditionFailure("OpenSSL gave no SHA-256")
        }
        self.context = context
    }

    deinit { EVP_MD_CTX_free(context) }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress else { return }
        let status = EVP_DigestUpdate(context, base, bytes.count)
        precondition(status == 1, "OpenSSL failed to hash \(bytes.count) bytes")
    }

    /// The 32 bytes of the hash.
    package consuming func finish() -> [UInt8] {
        var result = [UInt8](repeating: 0, count: SHA256Digest.byteCount)
        let status = EVP_DigestFinal_ex(context, &result, nil)
        precondition(status == 1, "OpenSSL failed to finish a hash")
        return result
    }

    /// The hash of `bytes`, in hexadecimal.
    package static func hex(of bytes: [UInt8]) -> String {
        var digest = SHA256Digest()
        bytes.withUnsafeBytes { digest.update($0) }
        return hexadecimal(digest.finish())
    }

    /// The hash of the file at `path`, in hexadecimal.
    package static func hex(ofFile path: String) throws(FileError) -> String {
        let file = try FileDescriptor.open(path, O_RDONLY | O_NONBLOCK)
        defer { file.close() }
        var digest = SHA256Digest()
        try file.forEachPiece(of: 0..<Int.max, wrapping: { $0 }) { _, bytes throws(FileError) in digest.update(bytes) }
        return hexadecimal(digest.finish())
    }

    /// `bytes` in lowercase hexadecimal.
    package static func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef")
        return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }
}
