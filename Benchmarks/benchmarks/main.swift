// The program: parse, run, exit.

import Arguments
import Foundation

exit(
    Benchmarks.execute(Array(CommandLine.arguments.dropFirst())) { error, _ in
        FileHandle.standardError.write(Data("error: \(error)\n".utf8))
        return ExitCode.failure.rawValue
    })
