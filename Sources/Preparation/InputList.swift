// Which files are read, in an order that does not depend on how they were named, and which split each belongs to.

import Datasets
import Foundation

enum InputList {
    /// Files of a folder that are data; others, such as a README.md, are read where they are named themselves.
    private static let kinds: Set<String> = ["jsonl", "ndjson", "json", "csv", "tsv", "tab", "txt", "text"]
    private static let validationWords: Set<String> = ["validation", "valid", "validate", "val", "dev"]
    private static let testWords: Set<String> = ["test", "testing"]

    /// Every file, sorted by path. Splits are those that are named, else what the files' own names say.
    static func files(
        inputs: [String], validation: [String], test: [String]
    ) throws -> [InputFile] {
        var found: [String: InputFile] = [:]
        for (paths, split) in [(inputs, nil), (validation, .validation), (test, .test)] as [([String], Split?)] {
            for file in try paths.flatMap({ try InputList.files(at: $0) }) {
                // The same file in other words, as data/a.txt and data/./a.txt, is read once.
                let place = URL(fileURLWithPath: file).standardizedFileURL.path
                let known = found[place]?.path ?? file
                found[place] = InputFile(path: min(known, file), split: split)
            }
        }
        var files = Array(found.values)
            .sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
        let named = files.map { $0.split ?? split(named: $0.path) }
        // Names say something where some files are left to train on.
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

    /// The file's ending, that of the packed file where it is one.
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
