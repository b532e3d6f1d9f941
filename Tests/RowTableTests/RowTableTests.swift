// Every file of the table through three commands, each with its one right reading or its one right error.

import Datasets
import Foundation
import TestSupport
import Testing

@Suite struct RowTableTests {
    @Test func theTableIsLarge() {
        #expect(RowTable.cases.count >= 120)
        #expect(Set(RowTable.cases.map(\.name)).count == RowTable.cases.count)
        for test in RowTable.cases { #expect(test.error == nil || test.rows.isEmpty, "\(test.name)") }
    }

    @Test(arguments: RowTable.cases) func hasOneReading(_ test: TableCase) throws {
        let found = try ThreeReadings(test.bytes, name: test.name, ignoring: test.ignoredKeys)
        #expect(found.documents.map(RowText.text) == test.rows)
        #expect(found.error == test.error)
        Self.compare(found, test.rules, kept: test.kept)
        // A dry run reads the same rows, and needs a template for them.
        if test.error == nil, !test.rows.isEmpty { #expect(found.dryRunError == test.encodingError) }
    }

    /// What holds for all files: the three commands read the same, and nothing that training rejects goes unnoticed.
    static func compare(_ found: ThreeReadings, _ rules: [String], kept: Int?) {
        #expect(found.inspectionError == found.error)
        guard let error = found.error else {
            #expect(found.inspected == found.documents)
            #expect(found.preparationError == nil)
            let isPlain = found.documents.contains { $0.row == nil }
            if isPlain {
                #expect(ThreeReadings.characters(found.written) == ThreeReadings.characters(found.documents))
            } else {
                #expect(found.written.map(\.content) == found.documents.map(\.content))
            }
            return
        }
        #expect(found.dryRunError == error)
        if found.preparationError == nil {
            #expect(!rules.isEmpty && found.rules.isSuperset(of: rules), "\(found.rules)")
            if let kept { #expect(found.kept == kept) }
        } else {
            #expect(rules.isEmpty && found.preparationError == error)
        }
    }
}
