// Feeds the reader of a run's config with whatever the fuzzer thinks of: what it accepts must be usable and come back.

import Model
import Models
import Training

/// Called by libFuzzer with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    // What is in a checkpoint is read with less: only what use needs.
    do throws(ModelError) {
        let info = try ModelInfo(config: bytes, path: "c", vocabularySize: 300)
        require(!info.architecture.summary.isEmpty, "no summary")
    } catch {
        require(!error.description.isEmpty, "no sentence")
    }
    if bytes.first != UInt8(ascii: "-") {
        read(bytes)
    } else {
        assign(String(decoding: bytes.dropFirst(), as: UTF8.self).split(separator: "\n").map(String.init))
    }
    return 0
}

/// A file.
private func read(_ bytes: [UInt8]) {
    var reader = ConfigReader()
    do throws(ConfigError) {
        try reader.read(bytes, path: "c.json")
        require(reader.origins.values.allSatisfy { $0.hasPrefix("c.json, line ") }, "a value without a place")
        use(reader, compares: bytes.count % 8 == 0)
    } catch {
        say(error)
    }
}

/// Flags.
private func assign(_ lines: [String]) {
    var reader = ConfigReader()
    do throws(ConfigError) {
        for line in lines { try reader.set(assignment: line) }
    } catch {
        say(error)
    }
    use(reader, compares: false)
}

/// All that follows from a config without its data.
///
/// - Parameter compares: whether it is also written, read again and compared, which takes far longer than reading it.
private func use(_ reader: ConfigReader, compares: Bool) {
    if compares { compare(reader) }
    var config = reader.config
    do throws(ArchitectureError) {
        let architecture = try config.architecture(vocabularySize: 300)
        if architecture.blockCount < 100 { _ = ParameterLayout(architecture).parameterCount }
        config.adopt(architecture)
    } catch {
        require(!error.description.isEmpty, "no sentence")
    }
    let steps = config.training.steps ?? config.training.epochs
    config.resolve(totalSteps: steps)
    let schedule = config.learningRateSchedule(totalSteps: steps)
    for step in [0, 1, steps / 2, steps - 1, steps] { require(!schedule[step].isNaN, "a rate of NaN at \(step)") }
    let longer = schedule.continued(at: steps / 2, with: .init(shape: .wsd, totalSteps: 2 * steps))
    require(!longer[steps].isNaN, "a rate of NaN")
}

/// The config written and read again, and that of a resumed run.
private func compare(_ reader: ConfigReader) {
    let config = reader.config
    var again = ConfigReader()
    do throws(ConfigError) {
        try again.read(Array(config.serialized().utf8), path: "c.json")
    } catch {
        fatalError("what was written cannot be read: \(error)")
    }
    require(again.config == config, "another config when read again")
    require(config.differences(from: again.config).isEmpty, "differences to itself")
    // Resumed: with what may change, and as it is.
    var resumed = ConfigReader()
    do throws(TrainingError) {
        _ = try resumed.merge(into: reader, changeable: [])
        require(resumed.config == config, "a resumed run without keys changes some")
        resumed = reader
        _ = try resumed.merge(into: ConfigReader(), changeable: ["training.steps"])
    } catch {
        require(!error.description.isEmpty, "no sentence")
    }
}

/// Every defect has a sentence.
private func say(_ error: ConfigError) {
    require(!error.description.isEmpty && error.hint?.isEmpty != true, "no sentence")
}
