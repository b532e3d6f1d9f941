// The program: parse, run, report, exit.

import Arguments
import Foundation

// If the reader of our output exits, a write fails; SIGPIPE would kill the run.
signal(SIGPIPE, SIG_IGN)

exit(
    Luthier.execute(Array(CommandLine.arguments.dropFirst())) { error, path in
        ErrorReport.write(error)
        return ExitCode.failure.rawValue
    })
