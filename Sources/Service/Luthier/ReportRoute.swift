// `GET /luthier/jobs/{id}/report`: what a job was, and what can be done with its model.

import Foundation
import HTTPServer
import Kernels
import StrictJSON
import Training

struct ReportRoute {
    let service: FineTuningService

    func answer(_ id: String) throws -> HTTPResponse {
        let job = try JobRoutes(service: service).find(id, nil)
        let folder = JobFolder(path: service.settings.path(ofJob: job.id))
        let plan = folder.plan
        var members = try ProgressRoute(service: service).members(job, from: 0)
        let perplexities = perplexities(job)
        members += [
            ("choices", .array((plan?.choices ?? []).map(\.json))), ("config", file("config.json", job)),
            ("origins", file("origins.json", job)), ("ledger", file("ledger.json", job)),
            ("basePerplexity", .real(perplexities.base)), ("bestPerplexity", .real(perplexities.best)),
            ("result", folder.outcome?.json ?? .null),
            // The page asks both models itself.
            ("answers", .array([])), ("commands", .array(commands(job))),
            (
                "machine",
                [
                    "version": .string(service.settings.version), "processor": .text(ReportRoute.processor),
                    "threads": .integer(plan?.threads ?? ParallelFor.threadCount), "precision": .text(plan?.precision),
                ]
            ),
        ]
        return .json(200, .object(members))
    }

    /// A file of the run as JSON; null where it is not there.
    private func file(_ name: String, _ job: StoredJob) -> JSONOutput {
        FileManager.default.contents(atPath: service.settings.path(ofRun: job.id) + "/" + name)
            .flatMap { try? JSONText.parse([UInt8]($0)) }.map { JSONOutput($0) } ?? .null
    }

    /// Of the validation rows: before the first step, and at the best one.
    private func perplexities(_ job: StoredJob) -> (base: Double?, best: Double?) {
        let measured = RunLines.read(service.settings.path(ofRun: job.id) + "/metrics.jsonl").compactMap { line in
            line.object["validationPerplexity"]?.number.map { (line.step, $0) }
        }
        return (measured.first { $0.0 == 0 }?.1, measured.map(\.1).min())
    }

    private func commands(_ job: StoredJob) -> [JSONOutput] {
        let run = service.settings.path(ofRun: job.id)
        guard FileManager.default.fileExists(atPath: run + "/config.json") else { return [] }
        var list = [("repeat the run", "luthier train --config \(run)/config.json --run \(job.id)-again")]
        if job.phase == .succeeded {
            // Every command finds runs in this folder by their names.
            let name = service.settings.runsFolder == "checkpoints" ? job.id : run
            list += [
                ("chat with it", "luthier chat --checkpoint \(name)"),
                ("for llama.cpp", "luthier export --checkpoint \(name) --format gguf --output \(job.id).gguf"),
            ]
        }
        return list.map { ["title": .string($0.0), "command": .string($0.1)] }
    }

    /// As the system names it; nil where it does not.
    private static let processor: String? = {
        let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
        return line?.split(separator: ":", maxSplits: 1).last.map { $0.trimmingCharacters(in: .whitespaces) }
    }()
}

extension TuningChoice {
    /// With the value as JSON.
    var json: JSONOutput {
        let parsed = try? JSONText.parse(value)
        return [
            "key": .string(key), "value": parsed.map { JSONOutput($0) } ?? .string(value), "reason": .string(reason),
        ]
    }
}
