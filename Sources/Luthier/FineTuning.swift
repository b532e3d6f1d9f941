// Training, from a config's keys to a model in its folder.

import Foundation
internal import Models
internal import StrictJSON
import Synchronization
internal import Training

/// A training run in the making: fine-tunes a model, or trains one from scratch.
///
/// What a run does is said by keys such as `training.steps`, from a file of JSON, by `set(_:to:)`, or by
/// both, the later winning. ``keys`` lists them all.
public struct FineTuning {
    /// A key of the configuration.
    public struct Key: Sendable, Equatable {
        /// Group and name, such as `training.steps`.
        public let name: String
        /// What it means.
        public let meaning: String
        /// Which values it takes.
        public let values: String
        /// Its value where none is given.
        public let defaultValue: String
    }

    /// Every key, in the order of the documentation.
    public static var keys: [Key] {
        ConfigKey.all.map {
            Key(name: $0.path, meaning: $0.meaning, values: $0.values, defaultValue: $0.defaultText)
        }
    }

    private var reader = ConfigReader()
    /// Threads and kernel belong to the process: a run waits for the one that another thread has under way.
    private static let turn = NSRecursiveLock()
    private static let isUnderWay = Atomic(false)

    /// A run in which every key has its default. `data.train` has none and must be set.
    public init() {}

    /// A run as a file describes it.
    ///
    /// - Parameter path: JSON with `//` comments: an object of groups, each an object of keys.
    /// - Throws: where the file cannot be read or is not JSON, and for unknown keys and values that do not fit.
    public init(configuration path: String) throws(LuthierError) {
        do { try reader.read(path: path) } catch { throw LuthierError(error) }
    }

    /// Sets one key.
    ///
    /// - Parameters:
    ///   - key: group and name, such as `training.learningRate`.
    ///   - value: a number, true, false, null, a list or an object as in JSON; anything else is a text.
    /// - Throws: for an unknown key and for a value that the key does not take.
    public mutating func set(_ key: String, to value: String) throws(LuthierError) {
        do { try reader.set(key, toText: value, source: "the value set", origin: "set") } catch {
            throw LuthierError(error)
        }
    }

    /// Sets one key to a list of texts, such as the paths of `data.train`.
    ///
    /// - Parameters:
    ///   - key: group and name.
    ///   - values: taken as they are, also where one looks like a number.
    /// - Throws: for an unknown key and for a key that takes no list.
    public mutating func set(_ key: String, to values: [String]) throws(LuthierError) {
        try set(key, to: JSONOutput.array(values.map { .string($0) }).serialized())
    }

    /// A rehearsal: reads and checks everything, takes a few steps, and writes nothing.
    ///
    /// - Throws: what `run` would throw before its first step.
    public func estimate() throws(LuthierError) -> Estimate {
        var request = RunRequest(reader: reader, folder: RunFolder(path: "checkpoints/estimate"), resume: false)
        request.writesNothing = true
        return try FineTuning.inTurn {
            var notes: [String] = []
            let rehearsal = try DryRun.measure(request) { notes.append($0) }
            return Estimate(rehearsal, notes: notes)
        }
    }

    /// Trains until the steps are done, until the validation loss no longer falls and `training.earlyStoppingPatience`
    /// is used up, or until `onProgress` says so. It leaves a checkpoint in each case.
    ///
    /// - Parameters:
    ///   - name: the run's; its files are in a folder of this name.
    ///   - folder: the parent of that folder; created if it is missing.
    ///   - resuming: whether to continue a run of this name from its newest intact checkpoint. Without a checkpoint the
    ///     run starts at step 0.
    ///   - onProgress: told all that happens, on the calling thread; false ends the run after the step.
    /// - Returns: how the run ended.
    /// - Throws: where the data or the base cannot be read, where a run of this name is there and `resuming` is false,
    ///   where the memory or the disk is too small, and where the loss is not finite for many steps in a row.
    @discardableResult
    public func run(
        named name: String, in folder: String = "checkpoints", resuming: Bool = false,
        onProgress: @escaping (Progress) -> Bool = { _ in true }
    ) throws(LuthierError) -> Outcome {
        let runFolder: RunFolder
        do { runFolder = try RunFolder(named: name, in: folder) } catch { throw LuthierError(error) }
        let request = RunRequest(reader: reader, folder: runFolder, resume: resuming)
        let wish = Wish()
        return try FineTuning.inTurn {
            let run = try TrainingRun.prepare(
                request, report: { if !onProgress(Progress($0)) { wish.isToStop = true } },
                shouldStop: { wish.isToStop ? .interrupt : nil })
            return Outcome(try run.run(), folder: run.folder.path)
        }
    }

    /// Runs `body` when no other thread trains.
    private static func inTurn<Value>(_ body: () throws -> Value) throws(LuthierError) -> Value {
        turn.lock()
        defer { turn.unlock() }
        guard !isUnderWay.load(ordering: .relaxed) else {
            throw LuthierError(
                "a run cannot start inside another run's `onProgress`", hint: "start it when the first one has ended")
        }
        isUnderWay.store(true, ordering: .relaxed)
        defer { isUnderWay.store(false, ordering: .relaxed) }
        return try LuthierError.wrapping(body)
    }

    /// Whether the caller wants the run to end.
    private final class Wish {
        var isToStop = false
    }
}
