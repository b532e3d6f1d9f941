// Feeds everything that is read from a checkpoint whose hash is right: its texts, in a file that Luthier writes.

import Checkpoint
import Conversations
import Foundation
import Model
import Models
import StrictJSON
import Tokenizer
import Training

private let folder = FuzzFolder()

/// The texts of a checkpoint in the order of an input's parts, between which there is a zero byte.
private let names = ["/config", "/state", "/tokenizer", "/architecture", "/template", "/base"]
/// Few enough weights that every input is a model of some milliseconds at most.
private let mostWeights = 1 << 12

/// Called by libFuzzer with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    let parts = parts(of: bytes, separator: [0])
    let texts = zip(names, parts).filter { !$0.1.isEmpty }.map { TextRecord(name: $0.0, bytes: Array($0.1)) }
    var areRead = true
    for text in texts {
        switch text.name {
        case "/config": areRead = areRead && readConfig(text.bytes)
        case "/state": readState(text.bytes)
        case "/tokenizer": areRead = areRead && (try? Tokenizer(serialized: text.bytes)) != nil
        case "/template": if let node = try? JSONText.parse(text.bytes) { _ = ChatTemplate(node) }
        default: break
        }
    }
    // Files of texts that cannot be read are made now and then: that takes a hundred times longer than reading texts.
    guard areRead || bytes.count % 64 == 5 else { return 0 }
    // Arrays that fit what the texts say, or one that does not.
    do {
        let layout = layout(texts)
        let values = [Float](repeating: 0.5, count: mostWeights)
        let omitted = bytes.count % 16 == 15 ? bytes.count / 16 % (layout.parameters.count + 1) : -1
        try values.withUnsafeBufferPointer { values in
            let arrays = layout.parameters.enumerated().filter { $0.offset != omitted }.map { _, parameter in
                ArrayRecord(
                    name: "/model/" + parameter.name, shape: parameter.shape,
                    values: UnsafeBufferPointer(rebasing: values[..<parameter.count]))
            }
            try CheckpointFile.write(to: folder.path + "/step-000001.h5", arrays: arrays, texts: texts)
        }
    } catch {
        return 0
    }
    do { try open(exports: bytes.count % 64 == 7) } catch { require(!"\(error)".isEmpty, "no sentence") }
    return 0
}

/// What a run reads of a config, and what use does. Returns whether use can.
private func readConfig(_ bytes: [UInt8]) -> Bool {
    var reader = ConfigReader()
    do throws(ConfigError) { try reader.read(bytes, path: "/config") } catch {
        require(!error.description.isEmpty, "no sentence")
    }
    do throws(ModelError) {
        _ = try ModelInfo(config: bytes, path: "/config", vocabularySize: 257)
        return true
    } catch {
        require(!error.description.isEmpty, "no sentence")
        return false
    }
}

/// What a run resumes from, which must come back.
private func readState(_ bytes: [UInt8]) {
    do throws(TrainingError) {
        let state = try TrainingState(serialized: bytes)
        let again = try TrainingState(serialized: Array(state.serialized().utf8))
        require(state == again, "another state when written and read again")
        // All sums that a run makes of it.
        require(state.step + state.updates + state.position + state.epoch + state.evaluationsSinceBest >= 0, "a sum")
    } catch {
        require(!error.description.isEmpty, "no sentence")
    }
}

/// The arrays of the model that the texts describe, where it is small; else those of a model of one block.
private func layout(_ texts: [TextRecord]) -> ParameterLayout {
    let architectures = [described(texts), configured(texts)].compactMap { $0 }
    for architecture in architectures where architecture.blockCount <= 4 {
        let layout = ParameterLayout(architecture)
        if layout.parameterCount <= mostWeights { return layout }
    }
    var small = RunConfig().model.shape
    (small.blockCount, small.headCount, small.modelWidth, small.contextLength) = (1, 1, 4, 8)
    small.vocabularySize = 257
    return ParameterLayout(Architecture(gpt2: small))
}

private func described(_ texts: [TextRecord]) -> Architecture? {
    guard let text = texts.first(where: { $0.name == "/architecture" }),
        let architecture = try? JSONDecoder().decode(Architecture.self, from: Data(text.bytes)),
        (try? architecture.validate()) != nil
    else { return nil }
    return architecture
}

private func configured(_ texts: [TextRecord]) -> Architecture? {
    guard let text = texts.first(where: { $0.name == "/config" }),
        let info = try? ModelInfo(config: text.bytes, path: "c", vocabularySize: 257)
    else { return nil }
    return info.architecture
}

/// What every command does with a checkpoint.
private func open(exports: Bool) throws {
    let run = RunFolder(path: folder.path)
    guard let newest = run.newestValid(report: { fatalError("what was just written is broken: \($0)") }) else {
        fatalError("no checkpoint")
    }
    let source = try ModelSource(newest.reader)
    require(source.parameterCount > 0, "no weights")
    let saved = try source.load()
    _ = try saved.withRunConfig()
    // The model card says how a model was trained.
    if exports { _ = try ModelExport(source, loaded: saved).write(.huggingface, type: .f32, to: folder.path + "/out") }
    _ = try saved.tokenizer.decode([0, saved.tokenizer.vocabularySize - 1])
}
