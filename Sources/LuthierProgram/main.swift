// The program: parse, run, report, exit.

import Arguments
import Foundation

StandardStreams.prepare()
let code = Luthier.execute(Array(CommandLine.arguments.dropFirst())) { error, path in
    ErrorReport.write(error)
    return ExitCode.failure.rawValue
}
Console.endProgress()
exit(Console.reportLostResults() && code == 0 ? ExitCode.failure.rawValue : code)
