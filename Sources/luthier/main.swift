// The program: parse, run, report, exit.

import Arguments
import Foundation

// A reader of our output that goes away is found by the failing write, not by a signal that kills the run.
signal(SIGPIPE, SIG_IGN)

exit(
    Luthier.execute(Array(CommandLine.arguments.dropFirst())) { error, path in
        ErrorReport.write(error)
        return ExitCode.failure.rawValue
    })
