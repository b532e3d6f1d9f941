// Shows the events of a job until it is over, in the words of OpenAI's command line.

import Arguments
import Foundation
import Service
import Training

struct FineTuneFollower {
    let client: FineTunesClient
    let id: String

    /// Microseconds between two looks.
    private static let pause: UInt32 = 200_000

    /// Prints events as they come.
    ///
    /// - Returns: whether the job has succeeded.
    func follow() throws -> Bool {
        client.caller.start()
        var told = 0
        while true {
            // Asked before its events, so that the last events of a job that is over are shown.
            let job = try client.job(id)
            for event in try client.events(id, skipping: told) {
                told += 1
                Console.output("[\(FineTuneFollower.time(event.created))] \(event.message)\n")
            }
            if FineTunesClient.isOver(job) {
                return end(job.object?["fine_tuned_model"]?.string, FineTunesClient.status(job))
            }
            if let reason = StopSignal.reason {
                interrupted(FineTunesClient.status(job))
                if let code = reason.exitCode { throw code }
            }
            usleep(FineTuneFollower.pause)
        }
    }

    private func end(_ model: String?, _ status: String) -> Bool {
        Console.output("\nJob complete! Status: \(status)\(status == "succeeded" ? " 🎉" : "")\n")
        if let model {
            Console.output("Try out your fine-tuned model:\n\n  luthier serve    and ask for the model \(model)\n")
        }
        return status == "succeeded"
    }

    private func interrupted(_ status: String) {
        let place =
            client.caller.endsWithCommand
            ? "It saves now, and continues with the next `luthier serve` or with follow." : "Job is still \(status)."
        Console.output(
            "\nStream interrupted. \(place)\nTo resume the stream, run:\n\n  luthier fine-tunes follow -i \(id)\n\n"
                + "To cancel your job, run:\n\n  luthier fine-tunes cancel -i \(id)\n")
    }

    /// `2022-02-15 04:21:04`, in local time.
    private static func time(_ seconds: Int) -> String {
        var (time, parts) = (time_t(seconds), tm())
        localtime_r(&time, &parts)
        return String(
            format: "%04d-%02d-%02d %02d:%02d:%02d", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
            parts.tm_hour, parts.tm_min, parts.tm_sec)
    }
}
