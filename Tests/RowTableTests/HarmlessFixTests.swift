// Good data comes out of `--fix --yes` as it was: random rows of every shape.

import Datasets
import Preparation
import StrictJSON
import TestSupport
import Testing
import Tokenizer

@Suite struct HarmlessFixTests {
    /// Rows of each shape.
    static let rows = SilenceTests.rows / RandomRows.Shape.allCases.count

    @Test(arguments: RandomRows.Shape.allCases) func goodDataIsNotChanged(_ shape: RandomRows.Shape) throws {
        var rows = RandomRows(seed: 8)
        var bytes: [UInt8] = []
        for _ in 0..<Self.rows { bytes += rows.row(shape).serializedBytes() + [0x0A] }
        try withTemporaryFolder { folder in
            let path = try folder.write(bytes, as: "good.jsonl")
            var request = PreparationRequest(inputs: [path])
            request.tokenizer = .bytes
            request.contextLength = 2000
            request.shares = SplitShares(validation: 0)
            request.findsNearDuplicates = false
            let preparer = try Preparer.check(request)
            try preparer.fix(keepsRows: true) { $0.isTaken }
            let written = try preparer.write(to: folder.path + "/out")
            #expect(written.check.changedCount == 0 && written.check.extended == 0 && written.changed == 0)
            // What only describes a row is kept too. ChatML becomes messages, and answers lose their places in the context.
            let output = try folder.read("out/train.jsonl").split(separator: 0x0A)
            for (line, written) in zip(bytes.split(separator: 0x0A), output) where shape != .chatML {
                let texts = Set(SilenceTests.leaves(try JSONText.parse(Array(written))).map(\.text))
                for leaf in SilenceTests.leaves(try JSONText.parse(Array(line)))
                where leaf.keys.last != "answer_start" && !SilenceTests.structure.contains(leaf.text) {
                    #expect(texts.contains(leaf.text), "\(leaf)")
                }
            }
            let before = try Document.documents(of: TextFile(path: path))
            let after = try Document.documents(of: TextFile(path: folder.path + "/out/train.jsonl"))
            #expect(before.count == Self.rows)
            #expect(after.map(\.content) == before.map(\.content), "\(preparer.report.render())")
        }
    }
}
