// Before the first step: every rank must have the same program, config, data, tokenizer and weights as the first one.

import Checkpoint
import Communication
import Foundation
import Kernels
import Model
import Models

/// What a rank would train, as texts that are compared.
package struct RankIdentity: Equatable {
    package let values: [(name: String, value: String)]

    package static func == (one: RankIdentity, other: RankIdentity) -> Bool { one.firstDifference(from: other) == nil }

    package init(values: [(name: String, value: String)]) { self.values = values }

    init(_ run: PreparedRun) {
        var weights = SHA256Digest()
        weights.update(UnsafeRawBufferPointer(run.trainer.model.trained.weights.buffer))
        values =
            [
                ("program", RankIdentity.program), ("data", run.data.hash),
                ("tokenizer", SHA256Digest.hex(of: run.saved.tokenizer.serialized())),
                ("base", run.baseWeightsHash ?? "none"),
                ("weights at the start", SHA256Digest.hexadecimal(weights.finish())),
                ("state", "step \(run.trainer.state.step)"),
            ] + run.config.keyValues.map { ("config: \($0.key)", $0.value) }
    }

    /// SHA-256 of the program that is running.
    private static let program: String = {
        let path = Bundle.main.executablePath ?? CommandLine.arguments[0]
        return FileManager.default.contents(atPath: path).map { SHA256Digest.hex(of: [UInt8]($0)) } ?? "unknown"
    }()

    package func firstDifference(from other: RankIdentity) -> (name: String, here: String, there: String)? {
        for (own, theirs) in zip(values, other.values) where own != theirs {
            return own.name == theirs.name
                ? (own.name, own.value, theirs.value) : ("config", own.name, theirs.name)
        }
        return values.count == other.values.count
            ? nil : ("config", "\(values.count) values", "\(other.values.count) values")
    }

    package var lines: [String] { values.flatMap { [$0.name, $0.value] } }

    package init(lines: [String]) {
        values = stride(from: 0, to: lines.count - 1, by: 2).map { (lines[$0], lines[$0 + 1]) }
    }
}

/// What a rank says when it has prepared, or could not.
private enum Preparation {
    case ready(RankIdentity)
    case failed(String)

    private static let separator: Character = "\u{0}"

    var bytes: [UInt8] {
        let parts =
            switch self {
            case .ready(let identity): ["ready"] + identity.lines
            case .failed(let text): ["failed", text]
            }
        return Array(parts.joined(separator: "\(Preparation.separator)").utf8)
    }

    init(bytes: [UInt8]) {
        let parts = String(decoding: bytes, as: UTF8.self)
            .split(separator: Preparation.separator, omittingEmptySubsequences: false).map(String.init)
        self =
            parts.first == "ready" ? .ready(RankIdentity(lines: Array(parts.dropFirst()))) : .failed(parts.last ?? "")
    }
}

/// What the first rank has settled and the others take over, because each might have measured something else.
struct RankSettings: Equatable {
    let precision: Precision
    let kernel: String

    var bytes: [UInt8] { Array("\(precision.rawValue) \(kernel)".utf8) }

    init(precision: Precision, kernel: String) { (self.precision, self.kernel) = (precision, kernel) }

    /// nil where the first rank could not prepare.
    init?(bytes: [UInt8]) {
        let words = String(decoding: bytes, as: UTF8.self).split(separator: " ", maxSplits: 1)
        guard words.count == 2, let precision = Precision(rawValue: String(words[0])) else { return nil }
        self.init(precision: precision, kernel: String(words[1]))
    }
}

extension RankGroup {
    /// Prepares the run on this rank: the first rank begins, the others follow with what it has settled. Where one of them
    /// cannot, or has something else, no rank starts.
    ///
    /// - Returns: nil on the other ranks where the first one says what is wrong.
    func prepare(_ request: RunRequest, notice: (String) -> Void) throws -> PreparedRun? {
        var request = request
        let threads = request.reader.config.training.threads
        request.machine = (threads > 0 ? threads : own.threads(among: members), request.machine?.kernel)
        guard rank == 0 else { return try follow(request) }
        let prepared: PreparedRun
        do { prepared = try PreparedRun.prepare(request, notice: notice) } catch {
            try refuse()
            throw error
        }
        let settings = RankSettings(precision: prepared.trainer.precision, kernel: BLASKernel.name)
        _ = try gather(settings.bytes)
        let identity = RankIdentity(prepared)
        let others = try gather(Preparation.ready(identity).bytes).map { Preparation(bytes: $0) }
        for (member, other) in zip(members, others) {
            switch other {
            case .failed(let text): throw TrainingError.rankFailed(rank: member.description, reason: text)
            case .ready(let theirs):
                guard let difference = theirs.firstDifference(from: identity) else { continue }
                throw TrainingError.ranksDiffer(
                    rank: member.description, what: difference.name, there: difference.here, here: difference.there)
            }
        }
        return prepared
    }

    /// Tells the others that the first rank cannot prepare.
    func refuse() throws(CommunicationError) { _ = try gather([]) }

    /// What a person should know of the ranks: where each runs and what it has been given.
    ///
    /// - Parameter threads: of each, where the config sets it; else 0.
    func lines(threads given: Int) -> [String] {
        ["\(count) processes train together through \(library)"]
            + members.map { member in
                let threads = given > 0 ? given : member.threads(among: members)
                return
                    "  \(member.description): processors \(member.processors), \(threads) thread\(threads == 1 ? "" : "s")"
            }
    }

    private func follow(_ request: RunRequest) throws -> PreparedRun? {
        var request = request
        guard let settings = RankSettings(bytes: try gather([])[0]) else { return nil }
        request.machine?.kernel = settings.kernel
        request.meter = PrecisionMeter(choosing: settings.precision)
        request.writesNothing = true
        let prepared: PreparedRun
        do { prepared = try PreparedRun.prepare(request) { _ in } } catch {
            _ = try gather(Preparation.failed("\(error)").bytes)
            return nil
        }
        let identity = RankIdentity(prepared)
        let all = try gather(Preparation.ready(identity).bytes).map { Preparation(bytes: $0) }
        for case .ready(let other) in all where other != all[0].identity { return nil }
        return all.contains { $0.identity == nil } ? nil : prepared
    }
}

extension Preparation {
    fileprivate var identity: RankIdentity? {
        if case .ready(let identity) = self { identity } else { nil }
    }
}

extension PrecisionMeter {
    /// Finds what somebody else has measured.
    init(choosing precision: Precision) {
        self.init { _ in ProductRates(f32: 1, bf16: precision == .bf16 ? 2 * ProductRates.requiredGain : nil) }
    }
}
