// The standard streams, and results that cannot be written.

import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Writing to the standard streams.
package enum Terminal {
    package enum Stream: Int32 {
        case standardOutput = 1
        case standardError = 2
    }

    /// Width of help text: the terminal's, but between 40 and 100; 80 if stdout is not a terminal.
    static var helpColumns: Int {
        var size = winsize()
        guard ioctl(Stream.standardOutput.rawValue, UInt(TIOCGWINSZ), &size) == 0 else { return 80 }
        // A terminal of unknown size reports 0.
        return size.ws_col == 0 ? 80 : min(max(Int(size.ws_col), 40), 100)
    }

    /// The system's `errno` of the first write to stdout that failed, 0 for none.
    private static let failure = Atomic<Int32>(0)

    /// Why a part of the results is lost; nil if all were written.
    package static var lostResults: String? {
        let code = failure.load(ordering: .relaxed)
        return code == 0 ? nil : String(cString: strerror(code))
    }

    /// Writes all of `text`.
    package static func write(_ text: String, to stream: Stream) { write(Array(text.utf8), to: stream) }

    /// Writes all of `bytes`. What cannot be written is lost; for results, `lostResults` says so.
    package static func write(_ bytes: [UInt8], to stream: Stream) {
        var bytes = bytes[...]
        while !bytes.isEmpty {
            let written = bytes.withUnsafeBytes { systemWrite(stream.rawValue, $0.baseAddress, $0.count) }
            if written < 0 && errno == EINTR { continue }
            guard written > 0 else {
                if stream == .standardOutput {
                    _ = failure.compareExchange(
                        expected: 0, desired: written == 0 ? EIO : errno, ordering: .relaxed)
                }
                return
            }
            bytes = bytes.dropFirst(written)
        }
    }

    private static func systemWrite(_ descriptor: Int32, _ base: UnsafeRawPointer?, _ count: Int) -> Int {
        #if canImport(Glibc)
            Glibc.write(descriptor, base, count)
        #else
            Darwin.write(descriptor, base, count)
        #endif
    }
}
