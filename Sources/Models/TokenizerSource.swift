// Finds a tokenizer wherever one is: in its own files, in a GGUF file, in a checkpoint or a run.

import Foundation
import Interchange
import Tokenizer

package enum TokenizerSource {
    /// The tokenizer at `path`: a folder with its files, one of Hugging Face's, a tokenizer.json, a GGUF file of any model,
    /// a checkpoint, a run, or a fetched model.
    package static func tokenizer(at name: String) throws -> Tokenizer {
        let path = try ModelLocation(name).path
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw TokenizerError.noSuchFile(path: path)
        }
        if isFolder.boolValue {
            if RunFolder.isRun(path) { return try ModelSource(path: path).tokenizer }
            return try FolderTokenizer(path: path, endIDs: []).tokenizer
        }
        switch ThirdPartyFile(path: path) {
        case .gguf: return try GGUFFile(path: path).tokenizer()
        case .other where path.hasSuffix(".h5"): return try ModelSource(path: path).tokenizer
        default: return try Tokenizer(path: path)
        }
    }
}
