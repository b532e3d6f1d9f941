// Which rows an objective learns from.

import Datasets

extension RunConfig {
    /// The documents of all splits; rows that say which answers are better are read where the objective asks for them.
    ///
    /// - Throws: also where a row does not say what the objective needs.
    package func readDocuments() throws -> RunDocuments {
        let documents = try RunDocuments.read(data, readsJudgements: method.objective.isPreference)
        guard method.objective.isPreference else { return documents }
        for split in Split.allCases {
            for document in documents[split] { try method.objective.check(document) }
        }
        return documents
    }
}

extension Objective {
    /// Throws unless a row is what a preference objective compares.
    package func check(_ document: Document) throws(DatasetError) {
        guard comparesPairs ? document.rejected == nil : document.isGood == nil else { return }
        let needed = comparesPairs ? "two answers, chosen and rejected" : "an answer with label, true or false"
        let given = document.rejected != nil ? "two answers" : document.isGood != nil ? "a label" : "one answer"
        throw .badRow(
            path: document.path, line: document.line, column: 1,
            reason: "method.objective \(rawValue) needs \(needed); this row has \(given)",
            hint: comparesPairs
                ? "kto takes rows with a label, likelihood rows with one answer"
                : "dpo, ipo and orpo take pairs, likelihood rows with one answer")
    }
}
