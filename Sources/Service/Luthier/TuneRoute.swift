// `POST /luthier/tune`: what would be chosen for a job and why, and what it would take.

import Foundation
import HTTPServer
import StrictJSON
import Synchronization

struct TuneRoute {
    let service: FineTuningService

    private static let seconds = (quick: 300.0, measured: 600.0)

    func answer(_ request: HTTPRequest) throws -> HTTPResponse {
        var fields = try RequestFields(request)
        let model = try service.model(fields.requiredText("model"), param: "model")
        let training = try usable(fields.requiredText("trainingFile"), param: "trainingFile")
        let validation = try fields.text("validationFile", length: 1...200).map {
            try usable($0, param: "validationFile")
        }
        var settings: [JobOrder.Setting] = []
        if let set = try fields.fields("set") { settings = try OwnOptions.settings(set.object, prefix: "set.") }
        let measures = try fields.flag("measure") ?? false
        try fields.finish()
        let isBusy = try !service.store.jobs(in: [.validating, .queued, .running, .pausing, .cancelling]).isEmpty
        let key = [model.path, training.id, validation?.id ?? ""]
        let answer = try service.looks.ask(
            seconds: measures ? TuneRoute.seconds.measured : TuneRoute.seconds.quick, while: request.isConnected
        ) { folder in
            var order = JobOrder(
                job: "tune", isLegacy: false, base: model.path, run: folder + "/run",
                training: folder + "/training.jsonl", trainingName: APIError.shown(training.filename), seed: 1,
                leastExamples: 10)
            try service.link(training, to: order.training)
            if let validation {
                (order.validation, order.validationName) = (
                    folder + "/validation.jsonl", APIError.shown(validation.filename)
                )
                try service.link(validation, to: folder + "/validation.jsonl")
            }
            order.settings = settings
            return TuneLook(
                order: order, check: service.checks.find(key), measures: measures && !isBusy,
                note: measures && isBusy
                    ? "A job is running or waiting: what this one takes is measured when none is." : nil)
        } _: { answer, _ in
            if let check = answer["check"].flatMap(JobCheck.init) { service.checks.keep(check, key) }
            return answer.members.filter { $0.key != "check" }.map { (key: $0.key, value: JSONOutput($0.value)) }
        }
        return .json(200, .object(answer))
    }

    private func usable(_ id: String, param: String) throws -> StoredFile {
        let file = try service.file(id, param: param)
        guard file.purpose == "fine-tune" else {
            throw APIError.invalid(
                "The purpose of \(APIError.shown(file.filename)) is \(file.purpose), not fine-tune.", param: param)
        }
        return file
    }
}

/// What files were found to be, in tokens of a model: they never change, so they are read once.
final class KnownChecks: Sendable {
    private let known = Mutex<[(key: [String], check: JobCheck)]>([])
    private static let most = 64

    func find(_ key: [String]) -> JobCheck? { known.withLock { $0.last { $0.key == key }?.check } }

    func keep(_ check: JobCheck, _ key: [String]) {
        known.withLock { known in
            known.removeAll { $0.key == key }
            known.append((key, check))
            if known.count > KnownChecks.most { known.removeFirst() }
        }
    }
}
