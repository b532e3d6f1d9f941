// `luthier eval --check weather`: checks generated answers for the facts that each must contain.

import Arguments
import Checks
import Datasets
import StrictJSON
import Training

/// The checks that `--check` can name.
enum AnswerCheck: String, CaseIterable, ExpressibleByArgument {
    case weather
}

enum WeatherCheck {
    /// Reads `<data>.slots.jsonl` next to the data file, and checks every answer with an entry there.
    static func run(_ records: [AnswerRecord]) throws -> WeatherReport {
        guard let path = records.first?.path else { return WeatherReport() }
        let slots = path.hasSuffix(".jsonl") ? String(path.dropLast(6)) + ".slots.jsonl" : path + ".slots.jsonl"
        var expectations: [String: WeatherExpectation] = [:]
        for expectation in try WeatherExpectation.read(path: slots) {
            expectations["\(expectation.row).\(expectation.turn)"] = expectation
        }
        var report = WeatherReport()
        for record in records {
            guard let expectation = expectations["\(record.row).\(record.turn)"] else {
                throw ValidationError("\(slots) has no entry for row \(record.row), turn \(record.turn)")
            }
            report.add(WeatherChecker.check(record.answer, against: expectation), for: expectation)
        }
        return report
    }
}
