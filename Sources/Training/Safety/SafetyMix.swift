// `data.safetyMix`: rows of the program's own among those of training, so that a model still declines what it ought to.
//
// A few rows in which everything is answered are enough to make a model answer everything (Qi and others 2023,
// arXiv 2310.03693); rows that decline, among the others, keep most of it (Bianchi and others 2023, arXiv 2309.07875).

import Datasets

enum SafetyMix {
    /// The name in the place of a file's.
    static let name = "data.safetyMix"

    /// `rows.jsonl`: two questions that ought to be declined, then a harmless one, each with its answer. They are other ones
    /// than those of `data/safety/questions.jsonl`, by which the effect is measured.
    static var bytes: [UInt8] { PackageResources.rows_jsonl }

    /// Training rows with others spread among them: `share` of the result, each as often as another, give or take one.
    ///
    /// - Throws: where a row has no answer, or two.
    static func mixed(_ documents: [Document], share: Double) throws(DatasetError) -> [Document] {
        guard share > 0 else { return documents }
        for document in documents {
            if case .conversation = document.content, !document.isJudged { continue }
            throw .badRow(
                path: document.path, line: document.line, column: 1,
                reason: "data.safetyMix is for rows with one answer, and this is \(kind(document))",
                hint: "set data.safetyMix to 0, and put rows that decline among your own")
        }
        let own = try Document.documents(of: TextFile(path: name, bytes: bytes))
        let count = Int((Double(documents.count) * share / (1 - share)).rounded())
        var mixed: [Document] = []
        var added = 0
        for (place, document) in documents.enumerated() {
            mixed.append(document)
            while added < count * (place + 1) / documents.count {
                mixed.append(own[added % own.count])
                added += 1
            }
        }
        return mixed
    }

    private static func kind(_ document: Document) -> String {
        document.rejected != nil ? "a pair of answers" : document.isGood != nil ? "a row with a label" : "a text"
    }
}
