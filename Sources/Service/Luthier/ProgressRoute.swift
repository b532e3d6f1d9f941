// `GET /luthier/jobs/{id}/progress`: everything that a live view of a job needs, in one answer.

import Foundation
import HTTPServer
import StrictJSON

struct ProgressRoute {
    let service: FineTuningService

    /// More lines of training than this are thinned out.
    static let mostLines = 2_000

    func answer(_ id: String, _ request: HTTPRequest) throws -> HTTPResponse {
        let job = try JobRoutes(service: service).find(id, nil)
        let from = try request.queryInteger("from", in: 0...Int.max, default: 0)
        return .json(200, .object(try members(job, from: from)))
    }

    /// The job, the lines of its run's files, and its messages.
    func members(_ job: StoredJob, from: Int) throws -> [(key: String, value: JSONOutput)] {
        let run = service.settings.path(ofRun: job.id)
        func lines(_ name: String) -> [RunLines.Line] { RunLines.read(run + "/" + name, from: from) }
        func array(_ lines: [RunLines.Line]) -> JSONOutput { .array(lines.map { .raw($0.bytes) }) }
        let metrics = lines("metrics.jsonl")
        let kept = ProgressRoute.thinned(metrics) { $0.object["learningRate"] != nil }
        return [
            ("job", JobRoutes(service: service).json(job)), ("metrics", array(kept)),
            ("timings", array(ProgressRoute.thinned(lines("timings.jsonl")) { _ in true })),
            ("samples", array(lines("samples.jsonl"))),
            ("messages", .array(try service.store.events(of: job.id, type: "message").map(JobObject.json))),
        ]
    }

    /// Of the lines that `counts` names every k-th and the last; all others.
    static func thinned<Line>(_ lines: [Line], counts: (Line) -> Bool) -> [Line] {
        let places = lines.indices.filter { counts(lines[$0]) }
        guard places.count > mostLines, let last = places.last else { return lines }
        let every = (places.count + mostLines - 1) / mostLines
        var kept = Set(places.enumerated().filter { $0.offset % every == 0 }.map(\.element))
        kept.insert(last)
        return lines.indices.filter { kept.contains($0) || !counts(lines[$0]) }.map { lines[$0] }
    }
}
