// Lists the input files, in an order independent of the arguments, and assigns each to a split.

import Datasets
import Foundation

enum InputList {
    private static let validationWords: Set<String> = ["validation", "valid", "validate", "val", "dev"]
    private static let testWords: Set<String> = ["test", "testing"]

    /// All files, sorted by path, and the files of folders that are not data. The split is the given one, otherwise it
    /// is taken from the file's name.
    static func files(
        inputs: [String], validation: [String], test: [String]
    ) throws -> (files: [InputFile], skipped: [String]) {
        var found: [String: InputFile] = [:]
        var skipped: [String] = []
        for (paths, split) in [(inputs, nil), (validation, .validation), (test, .test)] as [([String], Split?)] {
            for file in try paths.flatMap({ path in
                let found = try FileList.find(at: path)
                skipped += found.skipped
                return found.files
            }) {
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
        return (files, skipped)
    }

    private static func split(named path: String) -> Split? {
        let words = (path as NSString).lastPathComponent.lowercased().split { !$0.isLetter }.map(String.init)
        if words.contains(where: { validationWords.contains($0) }) { return .validation }
        return words.contains(where: { testWords.contains($0) }) ? .test : nil
    }
}
