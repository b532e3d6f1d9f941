// Lists the input files, in an order independent of the arguments, and assigns each to a split.

import Datasets
import Foundation

enum InputList {
    /// File types that are data in a folder; other files, such as a README.md, are read only if they are named.
    private static let kinds: Set<String> = ["jsonl", "ndjson", "json", "csv", "tsv", "tab", "txt", "text"]
    private static let validationWords: Set<String> = ["validation", "valid", "validate", "val", "dev"]
    private static let testWords: Set<String> = ["test", "testing"]

    /// All files, sorted by path. The split is the given one, otherwise it is taken from the file's name.
    static func files(
        inputs: [String], validation: [String], test: [String]
    ) throws -> [InputFile] {
        var found: [String: InputFile] = [:]
        for (paths, split) in [(inputs, nil), (validation, .validation), (test, .test)] as [([String], Split?)] {
            for file in try paths.flatMap({ try InputList.files(at: $0) }) {
                // The same file under two paths, such as data/a.txt and data/./a.txt, is read once.
                let place = URL(fileURLWithPath: file).standardizedFileURL.path
                let known = found[place]?.path ?? file
                found[place] = InputFile(path: min(known, file), split: split)
            }
        }
        var files = Array(found.values)
            .sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
        let named = files.map { $0.split ?? split(named: $0.path) }
        // File names count only if some files remain for training.
        if named.contains(where: { $0 == nil }) {
            for index in files.indices { files[index].split = named[index] }
        }
        return files
    }

    private static func files(at path: String) throws -> [String] {
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        let all = try FileList.files(at: path)
        guard exists, isFolder.boolValue else { return all }
        let data = all.filter { kinds.contains(kind($0)) }
        guard !data.isEmpty else { throw PreparationError.nothingToRead(path: path) }
        return data
    }

    /// The file's extension, without `.gz`.
    private static func kind(_ path: String) -> String {
        var name = path.lowercased()
        if name.hasSuffix(".gz") { name.removeLast(3) }
        return (name as NSString).pathExtension
    }

    private static func split(named path: String) -> Split? {
        let words = (path as NSString).lastPathComponent.lowercased().split { !$0.isLetter }.map(String.init)
        if words.contains(where: { validationWords.contains($0) }) { return .validation }
        return words.contains(where: { testWords.contains($0) }) ? .test : nil
    }
}
