// The program: parse, run, report, exit.

import Arguments
import Foundation
import Models

StandardStreams.prepare()
ListingProcess.install()
if Ranks.refuse(CommandLine.arguments.dropFirst().first, environment: ProcessInfo.processInfo.environment) {
    exit(ExitCode.usage.rawValue)
}
let code = Luthier.execute(Array(CommandLine.arguments.dropFirst())) { error, path in
    ErrorReport.write(error)
    return ExitCode.failure.rawValue
}
Console.endProgress()
let status = Console.reportLostResults() && code == 0 ? ExitCode.failure.rawValue : code
// At its end OpenBLAS waits for threads that such a limit may have kept from starting.
do { try Memory.checkLimits(threads: 0) } catch { _exit(status) }
exit(status)
