// Feeds the reader of safetensors files, their index and their config.json with whatever the fuzzer thinks of.

import Interchange
import Kernels
import Model

private let folder = FuzzFolder()

/// What is between the parts of an input: config.json, then the one file, or the index and its files.
private let separator = Array("\n====\n".utf8)
private let (single, index) = ("model.safetensors", "model.safetensors.index.json")
private let (shards, config) = (["a.safetensors", "b.safetensors"], "config.json")

/// Called by libFuzzer with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    let files = parts(of: bytes, separator: separator)
    folder.replace([single], with: files.count > 2 ? [] : [files[files.count - 1]])
    folder.replace([index] + shards, with: files.count > 2 ? Array(files[1...]) : [])
    folder.replace([config], with: files.count > 1 ? [files[0]] : [])
    do throws(InterchangeError) {
        for name in files.count > 2 ? shards : [single] { try read(name) }
    } catch {
        say(error)
    }
    do throws(InterchangeError) {
        try load()
    } catch {
        say(error)
    }
    return 0
}

/// Every tensor of a file by itself.
private func read(_ name: String) throws(InterchangeError) {
    let file = try SafetensorsFile(path: folder.path + "/" + name)
    var end = 0
    for entry in file.entries {
        require(entry.range.lowerBound == end, "a gap that was not found")
        end = entry.range.upperBound
        require(file[entry.name] == entry, "\(entry.name) is not found")
        do throws(InterchangeError) {
            let values = try file.floats(entry)
            require(values.count == entry.count, "\(values.count) values of \(entry.count)")
        } catch {
            say(error)
        }
    }
}

/// The files together, as a model.
private func load() throws(InterchangeError) {
    let opened = try HuggingFaceFolder(path: folder.path)
    require(opened.weightFiles.allSatisfy { $0.hasSuffix(".safetensors") }, "\(opened.weightFiles)")
    // What was checked against files of this size cannot be large.
    require(opened.layout.arenaCount < 1 << 20, "\(opened.layout.arenaCount) weights")
    let arena = FloatArena(count: opened.layout.arenaCount)
    try opened.loadWeights(layout: opened.layout, into: arena)
    require(arena.buffer.allSatisfy(\.isFinite), "a weight that is not finite")
}

/// Every defect has a sentence.
private func say(_ error: InterchangeError) {
    require(!error.description.isEmpty && error.hint?.isEmpty != true, "no sentence")
}
