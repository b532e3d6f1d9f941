// Output of help and usage errors.

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Writing to the standard streams.
enum Terminal {
    enum Stream: Int32 {
        case standardOutput = 1
        case standardError = 2
    }

    /// Width of help text: the terminal's, but between 80 and 100; 80 if stdout is not a terminal.
    static var helpColumns: Int {
        var size = winsize()
        guard ioctl(Stream.standardOutput.rawValue, UInt(TIOCGWINSZ), &size) == 0 else { return 80 }
        return min(max(Int(size.ws_col), 80), 100)
    }

    /// Writes all of `text`. If the reader has closed the stream, that is not our error and nothing is reported.
    static func write(_ text: String, to stream: Stream) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let written = bytes.withUnsafeBytes { systemWrite(stream.rawValue, $0.baseAddress, $0.count) }
            if written < 0 && errno == EINTR { continue }
            guard written > 0 else { return }
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
