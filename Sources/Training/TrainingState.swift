// The state of a run: everything that a checkpoint holds in addition to weights, moments and tokenizer.

import StrictJSON

/// The state of a run between two steps. Together with weights and moments it fixes all that follows.
package struct TrainingState: Sendable, Equatable {
    /// Steps taken, skipped ones included.
    package var step = 0
    /// The epoch that the next step belongs to, counted from zero, and how many of its examples are used up.
    package var epoch = 0
    package var position = 0
    /// Updates that the optimizer's moments have seen.
    package var updates = 0
    /// The best validation loss so far and the step that reached it.
    package var bestLoss: Double?
    package var bestStep = 0
    /// Evaluations since then.
    package var evaluationsSinceBest = 0
    /// Whether a signal cut off the evaluation of this step, which the resumed run then makes up for.
    package var evaluationPending = false
    /// Steps whose loss or gradient was not finite: in all, and in a row.
    package var skippedSteps = 0
    package var consecutiveSkips = 0
    /// Σ weight · loss and Σ weight since the last line of the log.
    package var windowLoss = 0.0
    package var windowWeight = 0.0
    /// The losses of the last steps, the oldest first; only where spikes are skipped, because only then they decide what
    /// is learned. Empty in all other states, which are written without it.
    package var recentLosses: [Double] = []
    package var seed = 1
    /// The learning-rate schedule's length.
    package var totalSteps = 0
    /// OpenBLAS's kernel set and the number of threads, on which the last bits depend.
    package var kernel = ""
    package var threads = 1
    /// Processes that trained together; not written where there was one.
    package var ranks = 1
    /// SHA-256 over the data files' contents, in order.
    package var dataHash = ""

    package init() {}

    /// The state as JSON, the same bytes for the same state.
    package func serialized() -> String {
        JSONOutput.object(
            TrainingState.fields.filter { $0.isWritten(self) }.map { (key: $0.key, value: $0.value(self)) }
        ).serialized(pretty: true) + "\n"
    }

    /// Reads what `serialized` wrote.
    package init(serialized bytes: [UInt8]) throws(TrainingError) {
        let root: JSONNode
        do { root = try JSONText.parse(bytes) } catch { throw .badState("\(error)") }
        guard let object = root.object else { throw .badState("it is \(root.typeName), not an object") }
        for field in TrainingState.fields {
            guard let node = object[field.key] else {
                // What is not always written.
                if !field.isWritten(TrainingState()) { continue }
                throw .badState("\(field.key) is missing or of the wrong type")
            }
            guard field.assign(node, &self) else {
                throw .badState("\(field.key) is missing or of the wrong type")
            }
        }
        try check()
    }

    /// Far more steps than anybody takes, and few enough that sums of them cannot overflow.
    private static let most = 1 << 40

    /// Throws where values cannot be those of any run.
    private func check() throws(TrainingError) {
        func require(_ holds: Bool, _ text: @autoclosure () -> String) throws(TrainingError) {
            if !holds { throw .badState(text()) }
        }
        try require(step <= TrainingState.most, "step is \(step)")
        try require(
            updates <= step && skippedSteps == step - updates,
            "\(updates) updates and \(skippedSteps) skipped steps do not make \(step) steps")
        try require(
            consecutiveSkips <= skippedSteps, "\(consecutiveSkips) skipped steps in a row, but \(skippedSteps) in all")
        try require(epoch <= step, "epoch is \(epoch) after \(step) steps")
        try require(bestStep <= step, "bestStep is \(bestStep) after \(step) steps")
        try require(
            evaluationsSinceBest <= step + 1, "evaluationsSinceBest is \(evaluationsSinceBest) after \(step) steps")
        try require(windowWeight >= 0, "windowWeight is \(windowWeight)")
        try require(
            recentLosses.count <= LossHistory.length, "recentLosses has \(recentLosses.count) numbers")
        try require((1...1024).contains(threads), "threads is \(threads)")
        try require((1...65536).contains(ranks), "ranks is \(ranks)")
        try require(
            kernel.utf8.count <= 64 && kernel.utf8.allSatisfy { (0x20...0x7E).contains($0) },
            "kernel is not the name of a kernel")
    }

    /// One member of the JSON.
    private struct Field {
        let key: String
        let value: (TrainingState) -> JSONOutput
        let assign: (JSONNode, inout TrainingState) -> Bool
        var isWritten: (TrainingState) -> Bool = { _ in true }
    }

    private static var fields: [Field] {
        [
            integer("step", \.step), integer("epoch", \.epoch), integer("position", \.position),
            integer("updates", \.updates),
            Field(
                key: "bestLoss", value: { $0.bestLoss.map { .number($0) } ?? .null },
                assign: { node, state in
                    state.bestLoss = node.number
                    return node.isNull || node.number != nil
                }),
            integer("bestStep", \.bestStep), integer("evaluationsSinceBest", \.evaluationsSinceBest),
            Field(
                key: "evaluationPending", value: { .bool($0.evaluationPending) },
                assign: { node, state in
                    state.evaluationPending = node.bool ?? false
                    return node.bool != nil
                }),
            integer("skippedSteps", \.skippedSteps), integer("consecutiveSkips", \.consecutiveSkips),
            number("windowLoss", \.windowLoss), number("windowWeight", \.windowWeight),
            Field(
                key: "recentLosses", value: { .array($0.recentLosses.map { .number($0) }) },
                assign: { node, state in
                    guard let numbers = node.array?.map(\.number), !numbers.contains(nil) else { return false }
                    state.recentLosses = numbers.compactMap { $0 }
                    return true
                }, isWritten: { !$0.recentLosses.isEmpty }),
            integer("seed", \.seed), integer("totalSteps", \.totalSteps),
            text("kernel", \.kernel), integer("threads", \.threads),
            written(integer("ranks", \.ranks)) { $0.ranks > 1 },
            text("dataHash", \.dataHash),
        ]
    }

    private static func integer(_ key: String, _ path: WritableKeyPath<TrainingState, Int>) -> Field {
        Field(
            key: key, value: { .integer($0[keyPath: path]) },
            assign: { node, state in
                guard let value = node.integer, value >= 0 else { return false }
                state[keyPath: path] = value
                return true
            })
    }

    /// The same field, written where `condition` says so.
    private static func written(_ field: Field, where condition: @escaping (TrainingState) -> Bool) -> Field {
        var field = field
        field.isWritten = condition
        return field
    }

    private static func number(_ key: String, _ path: WritableKeyPath<TrainingState, Double>) -> Field {
        Field(
            key: key, value: { .number($0[keyPath: path]) },
            assign: { node, state in
                guard let value = node.number else { return false }
                state[keyPath: path] = value
                return true
            })
    }

    private static func text(_ key: String, _ path: WritableKeyPath<TrainingState, String>) -> Field {
        Field(
            key: key, value: { .string($0[keyPath: path]) },
            assign: { node, state in
                guard let value = node.string else { return false }
                state[keyPath: path] = value
                return true
            })
    }
}
