// Folds: every row held out once, like prompts together, classes in their shares.

import Datasets
import Foundation
import TestSupport
import Testing
import Training

@Suite struct FoldsTests {
    private func documents(_ count: Int) throws -> [Document] {
        let rows = (0..<count).map {
            "{\"prompt\":\"Question \($0 / 2)?\",\"completion\":\" \(["a", "b", "c"][$0 / 2 % 3])\"}"
        }
        return try Document.documents(of: TextFile(path: "a.jsonl", bytes: Array(rows.joined(separator: "\n").utf8)))
    }

    @Test(arguments: [2, 5, 7]) func eachRowIsHeldOutOnce(_ count: Int) throws {
        let documents = try documents(120)
        let folds = Folds.divide(documents, into: count, seed: 1)
        #expect(folds.count == count)
        #expect(folds.joined().sorted() == Array(0..<120))
        for fold in folds {
            // Both rows of a prompt, and a third of each class.
            #expect(fold.allSatisfy { fold.contains($0 ^ 1) })
            for label in 0..<3 {
                let share = fold.count { $0 / 2 % 3 == label }
                #expect(abs(Double(share) - 40 / Double(count)) <= 4)
            }
        }
        #expect(Folds.divide(documents, into: count, seed: 2) != folds)
    }

    @Test func writtenRowsAreReadAsTheyWere() throws {
        let documents = try documents(12)
        try withTemporaryFolder { folder in
            let folds = Folds.divide(documents, into: 3, seed: 1)
            let files = try Folds.write(documents, folds, to: folder.path)
            #expect(files.count == 3)
            for (file, fold) in zip(files, folds) {
                let held = try Document.documents(of: TextFile(path: file.validation))
                #expect(held.map(\.content) == fold.map { documents[$0].content })
                #expect(try Document.documents(of: TextFile(path: file.train)).count == 12 - fold.count)
            }
        }
    }

    @Test func spreadOfASample() {
        let (mean, deviation) = Folds.spread([2, 4, 4, 4, 5, 5, 7, 9])
        #expect(mean == 5)
        #expect(abs(deviation - (32.0 / 7).squareRoot()) < 1e-12)
        #expect(Folds.spread([3]).deviation == 0)
    }
}
