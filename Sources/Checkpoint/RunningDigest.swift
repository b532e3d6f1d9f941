// A SHA-256 that objects and closures can continue.

/// An incremental SHA-256 with reference semantics.
package final class RunningDigest {
    private var digest: SHA256Digest? = SHA256Digest()

    package init() {}

    /// Adds bytes.
    package func update(_ bytes: UnsafeRawBufferPointer) {
        guard var own = digest.take() else { return }
        own.update(bytes)
        digest = consume own
    }

    /// SHA-256 in hexadecimal digits; call once, at the end.
    package func finish() -> String {
        guard let own = digest.take() else { preconditionFailure("a digest finished twice") }
        return SHA256Digest.hexadecimal(own.finish())
    }
}
