// `weather-check`: which slots of the weather bot's answers are right.

import Arguments
import Foundation
import StrictJSON
import WeatherAnswers

struct WeatherCheck: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "weather-check",
        abstract:
            "Holds the answers of `luthier eval --generate --answers FILE` against the slots that each must contain."
    )

    @Argument(help: "The file of answers.")
    var answers: String
    @Option(
        help: ArgumentHelp(
            "What each answer must contain; by default the file next to the data, data.slots.jsonl.", valueName: "file")
    )
    var slots: String?
    @Flag(help: "Ends with one JSON object on stdout.")
    var json = false

    mutating func run() throws {
        let report = try WeatherReport(GivenAnswer.read(path: answers), slots: slots)
        print(report.render(), terminator: "")
        if json { print(report.json.serialized()) }
    }
}

exit(
    WeatherCheck.execute(Array(CommandLine.arguments.dropFirst())) { error, _ in
        let hint = (error as? AnswerFileError)?.hint ?? (error as? WeatherExpectationError)?.hint
        let text = "error: \(error)\n" + (hint.map { "hint: \($0)\n" } ?? "")
        FileHandle.standardError.write(Data(text.utf8))
        return ExitCode.failure.rawValue
    })
