// `luthier job FOLDER`: the process of one job of the service, which starts it; not for people.

import Arguments
import Checkpoint
import Foundation
import Service
import Training

struct JobCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "job", abstract: "Work on a job of the service, which starts this command itself.",
        discussion: "Exit code 0 when the part of the work is done or has failed, which files in the folder tell; "
            + "75 if another process works on the job; 128 plus the number of a signal that stopped it.",
        isHidden: true)

    @Argument(help: ArgumentHelp("Folder of the job.", valueName: "folder")) var folder: String
    @Flag(help: "Check the data only.") var check = false
    @Flag(help: "Answer the question about data that the folder holds.") var look = false

    mutating func run() throws {
        if look {
            LookProcess.restrict()
            return try LookProcess.run(folder)
        }
        StopSignal.install()
        let process: JobProcess
        do { process = try JobProcess(path: folder) } catch RunLockError.held(_, let owner) {
            Console.message("\(folder) is worked on by \(owner)")
            throw ExitCode(JobProcess.heldCode)
        }
        if check {
            _ = try process.check()
            return
        }
        let printer = ProgressPrinter(logEvery: 20)
        let reason = try process.train(report: { printer.show($0) }, shouldStop: { StopSignal.reason })
        if let code = reason?.exitCode { throw code }
    }
}
