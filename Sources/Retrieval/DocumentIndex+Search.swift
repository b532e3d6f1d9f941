// Finds the passages for a question.

import Database

/// A passage that was found, and how near it is.
package struct FoundPassage: Sendable, Equatable {
    /// The document.
    package let path: String
    package let passage: Passage
    /// Cosine of the angle between the vectors of the question and of the passage, -1 to 1.
    package let similarity: Float

    package init(path: String, passage: Passage, similarity: Float) {
        (self.path, self.passage, self.similarity) = (path, passage, similarity)
    }

    /// `path:line`, or `path:first-last`.
    package var place: String {
        let lines = passage.lines
        return path + ":" + (lines.count == 1 ? "\(lines.lowerBound)" : "\(lines.lowerBound)-\(lines.upperBound)")
    }
}

/// What is searched.
package enum SearchWay: String, Sendable, CaseIterable {
    case both, meaning, words
}

extension DocumentIndex {
    /// Passages that each of the two rankings gives to the common one.
    private static let depth = 50
    /// A word is common if it is in this many passages, and in one of so many.
    private static let (commonPassages, commonShare) = (1000, 50)

    /// The passages for a question, the best first.
    package func search(_ question: String, count: Int, way: SearchWay = .both) throws -> [FoundPassage] {
        let vector = DocumentIndex.ofLengthOne(encoder.vectors(of: [Array(question.utf8)])[0])
        return try search(question, vector: vector, count: count, way: way)
    }

    /// - Parameter vector: the question's, of length 1.
    package func search(
        _ question: String, vector query: [Float], count: Int, way: SearchWay = .both
    ) throws -> [FoundPassage] {
        let depth = max(count, DocumentIndex.depth)
        var rankings: [[Int]] = []
        if way != .words { rankings.append(try nearest(to: query, depth)) }
        if way != .meaning { rankings.append(try withWords(of: question, depth)) }
        return try RankFusion.fuse(rankings).prefix(count).map { try found($0.item, query) }
    }

    /// Passages by their vectors. Those with the same text have one vector, and come in their order.
    private func nearest(to query: [Float], _ depth: Int) throws -> [Int] {
        var passages: [Int] = []
        for (number, _) in try openGraph().nearest(to: query, count: depth) {
            for row in try database.query("SELECT id FROM passages WHERE vector = ? ORDER BY id", number) {
                passages.append(try row.integer("id"))
            }
        }
        return Array(passages.prefix(depth))
    }

    /// Passages by the question's words: BM25 (Robertson & Zaragoza 2009), as SQLite's FTS5 has it.
    private func withWords(of question: String, _ depth: Int) throws -> [Int] {
        let all = SearchWords.of(question)
        let bound = max(
            DocumentIndex.commonPassages, (Int(try fact("passages") ?? "") ?? 0) / DocumentIndex.commonShare)
        let rare = try all.filter { try !isCommon($0, bound) }
        // Where every word is common, they are still all there is.
        let words = rare.isEmpty ? all : rare
        guard !words.isEmpty else { return [] }
        return try database.query(
            "SELECT rowid AS id FROM words WHERE words MATCH ? ORDER BY rank LIMIT ?",
            words.map { "\"\($0)\"" }.joined(separator: " OR "), depth
        ).map { try $0.integer("id") }
    }

    /// Whether a word is in so many passages that it ranks little. BM25 takes time for each of them.
    private func isCommon(_ word: String, _ bound: Int) throws -> Bool {
        let rows = try database.query(
            "SELECT count(*) AS n FROM (SELECT 1 FROM words WHERE words MATCH ? LIMIT ?)", "\"\(word)\"", bound)
        return try rows.first?.integer("n") == bound
    }

    private func found(_ id: Int, _ query: [Float]) throws -> FoundPassage {
        let rows = try database.query(
            """
            SELECT path, firstLine, lastLine, headings, text, vectors.vector AS vector FROM passages
            JOIN documents ON documents.id = document JOIN vectors ON vectors.id = passages.vector WHERE passages.id = ?
            """, id)
        guard let row = rows.first, try row.integer("firstLine") <= row.integer("lastLine") else {
            throw DatabaseError.damaged(path: database.path, reason: "passage \(id) is not there completely")
        }
        let headings = try row.text("headings")
        let passage = Passage(
            lines: try row.integer("firstLine")...row.integer("lastLine"),
            headings: headings.isEmpty ? [] : headings.components(separatedBy: Passage.headingMark),
            text: try row.text("text"))
        let similarity = zip(try vector(row.blob("vector")), query).reduce(0) { $0 + $1.0 * $1.1 }
        return FoundPassage(path: try row.text("path"), passage: passage, similarity: similarity)
    }
}

/// The words of a question that are searched for.
enum SearchWords {
    /// Words that nearly every English text has: they rank nothing, and cost the most time.
    private static let common: Set<String> = [
        "a", "about", "all", "am", "an", "and", "any", "are", "as", "at", "be", "been", "but", "by", "can", "could",
        "did",
        "do", "does", "for", "from", "had", "has", "have", "he", "her", "his", "how", "i", "if", "in", "into", "is",
        "it",
        "its", "me", "my", "no", "not", "of", "on", "or", "our", "out", "she", "should", "so", "some", "that", "the",
        "their", "them", "then", "there", "these", "they", "this", "to", "up", "us", "was", "we", "were", "what",
        "when",
        "where", "which", "who", "why", "will", "with", "would", "you", "your",
    ]
    private static let most = 64

    /// Each once, without what SQLite's language of searches means; all of them where all are common.
    static func of(_ question: String) -> [String] {
        var (words, seen): ([String], Set<String>) = ([], [])
        for word in question.lowercased().split(whereSeparator: { !$0.isLetter && !$0.isNumber }) {
            if seen.insert(String(word)).inserted { words.append(String(word)) }
        }
        let rare = words.filter { !common.contains($0) }
        return Array((rare.isEmpty ? words : rare).prefix(most))
    }
}
