// Recognises the files of models by their first bytes.

import Files
import Foundation

/// What a file is.
package enum ThirdPartyFile: Sendable, Equatable {
    case safetensors, gguf
    /// Weights as Python pickles them, plain or inside of a zip archive.
    case pickle
    /// A text in the place of a file that Git LFS has not fetched.
    case gitLFSPointer(GitLFSPointer)
    /// Something else, such as Luthier's checkpoints.
    case other

    /// Looks at the file's first bytes; a file that cannot be read is `other`.
    package init(path: String) {
        guard FileDescriptor.isRegular(path), let handle = FileHandle(forReadingAtPath: path) else {
            self = .other
            return
        }
        defer { try? handle.close() }
        // One byte more than the largest pointer has, so that a longer file is not taken for one.
        let start = [UInt8]((try? handle.read(upToCount: GitLFSPointer.largestBytes + 1)) ?? Data())
        if let pointer = start.withUnsafeBytes({ GitLFSPointer.detect($0) }) {
            self = .gitLFSPointer(pointer)
        } else if start.starts(with: "GGUF".utf8) {
            self = .gguf
        } else if start.starts(with: [0x50, 0x4B, 0x03, 0x04])
            || (start.first == 0x80 && start.dropFirst().first ?? 0 < 6)
        {
            self = .pickle
        } else if start.count >= 9, start[8] == UInt8(ascii: "{") || path.hasSuffix(".safetensors") {
            self = .safetensors
        } else {
            self = .other
        }
    }

    /// Whether a folder looks like a model or an adapter of Hugging Face's, complete or not.
    package static func isModelFolder(_ path: String) -> Bool {
        [
            "config.json", PEFTAdapter.configName, "model.safetensors", "model.safetensors.index.json",
            "pytorch_model.bin",
        ]
        .contains { FileManager.default.fileExists(atPath: path + "/" + $0) }
    }

    /// Throws where a file is one that no model is started from, saying what to do instead.
    package static func rejectAsModel(_ path: String) throws(InterchangeError) {
        switch ThirdPartyFile(path: path) {
        case .safetensors: throw .notAModel(file: path, .safetensors)
        case .pickle: throw .notAModel(file: path, .pickle)
        case .gitLFSPointer(let pointer): throw .gitLFSPointer(file: path, pointer)
        case .gguf, .other: return
        }
    }
}
