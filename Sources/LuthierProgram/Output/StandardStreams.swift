// What a process makes sure of before it opens a file: three standard streams, and no signal that ends it in a write.

import Foundation

enum StandardStreams {
    static func prepare() {
        // The numbers of closed streams would go to the next files that are opened, and messages would land in them.
        // Opened for reading, so that a result written to a closed stdout is noticed as lost.
        for number in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO]
        where fcntl(number, F_GETFD) < 0 && errno == EBADF {
            _ = open("/dev/null", O_RDONLY)
        }
        // A write then fails with an error that is handled: when the reader of a pipe has gone, and where `ulimit -f`
        // ends a file.
        signal(SIGPIPE, SIG_IGN)
        signal(SIGXFSZ, SIG_IGN)
    }
}
