// `luthier eval --check weather`: generated answers held against what each must contain.

import Arguments
import Checks
import Datasets
import Evaluation
import StrictJSON

/// The checks that `--check` can name.
enum AnswerCheck: String, CaseIterable, ExpressibleByArgument {
    case weather
}

enum WeatherCheck {
    /// Reads `<data>.slots.jsonl`, which stands beside the data, and checks every answer that has an entry there.
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
