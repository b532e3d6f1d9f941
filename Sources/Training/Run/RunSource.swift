// The model that a run starts from: its own checkpoint, its base, or none.

import Checkpoint
import Models

enum RunSource {
    /// Opens it; nil for a run from scratch. A new run's base must fit the keys of the shape that were given.
    static func open(_ start: RunStart, notice: (String) -> Void) throws -> ModelSource? {
        let source = try open(start.config, resumed: start.checkpoint)
        guard let source, !start.isResumed else { return source }
        let fitted = try fit(source, to: start.config, given: start.origins)
        for note in fitted.notes { notice(note) }
        return fitted
    }

    private static func open(_ config: RunConfig, resumed reader: CheckpointReader?) throws -> ModelSource? {
        if let reader, config.adapter == nil { return try ModelSource(reader) }
        guard let base = config.model.base else { return nil }
        var source = try ModelSource(path: base)
        // Adapters are in the checkpoint, the base's weights in the base.
        if reader != nil, config.model.contextLength < source.shape.contextLength {
            source.shortenContext(to: config.model.contextLength)
        }
        return source
    }

    /// A base brings its own shape. A key of the shape that was given as well must agree, except for a shorter context,
    /// which cuts the position table.
    private static func fit(
        _ base: ModelSource, to config: RunConfig, given: [String: String]
    ) throws -> ModelSource {
        var adopted = config
        adopted.adopt(base.shape)
        let shape = config.differences(from: adopted).filter { $0.path.hasPrefix("model.") && given[$0.path] != nil }
        for difference in shape {
            if difference.path == "model.contextLength", config.model.contextLength < adopted.model.contextLength {
                var shorter = base
                shorter.shortenContext(to: config.model.contextLength)
                return try fit(shorter, to: config, given: given)
            }
            throw ConfigError.inconsistent(
                "\(given[difference.path] ?? ""): \(difference.path) is \(difference.here), but the base has "
                    + "\(difference.there)")
        }
        return base
    }
}
