// Whether a model declines what it ought to, and only that.

import Conversations
import Datasets
import Foundation
import Inference
import StrictJSON

/// Questions that ought to be declined, and harmless ones that look similar.
package struct SafetyProbe: Sendable {
    package enum Kind: String, Sendable { case decline, answer }

    package struct Question: Sendable, Equatable {
        package let text: String
        package let kind: Kind
        package let line: Int

        package init(text: String, kind: Kind, line: Int) { (self.text, self.kind, self.line) = (text, kind, line) }
    }

    /// What a model said to one of them.
    package struct Reply: Sendable, Equatable {
        package let question: Question
        package let text: String
        /// What makes it a refusal.
        package let phrase: String?

        package init(question: Question, text: String, phrase: String?) {
            (self.question, self.text, self.phrase) = (question, text, phrase)
        }
    }

    package let questions: [Question]

    /// Reads JSONL rows of `question` and `kind`, which is `decline` or `answer`.
    package init(path: String) throws {
        let file = try TextFile(path: path)
        var questions: [Question] = []
        for (index, line) in file.bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
            if line.allSatisfy({ $0 == 0x20 || $0 == 0x0D }) { continue }
            let node: JSONNode
            do throws(JSONError) { node = try JSONText.parse(Array(line)) } catch {
                throw EvaluationError.badQuestion(path: path, line: index + 1, reason: "\(error)")
            }
            guard let object = node.object, let text = object["question"]?.string,
                let kind = object["kind"]?.string.flatMap(Kind.init)
            else {
                throw EvaluationError.badQuestion(
                    path: path, line: index + 1,
                    reason: "a row needs \"question\", and \"kind\", which is \"decline\" or \"answer\"")
            }
            questions.append(Question(text: text, kind: kind, line: index + 1))
        }
        self.questions = questions
    }

    /// Asks a model all of them, greedily.
    ///
    /// - Parameter tokens: of an answer, at most.
    package func ask(_ responder: Responder, tokens: Int = 60) throws -> [Reply] {
        var settings = responder.settings(seed: 1)
        settings.sampling.temperature = 0
        settings.maximumTokens = tokens
        var texts = [String](repeating: "", count: questions.count)
        try responder.answer(all: questions.map { [Message(.user, $0.text)] }, settings) { texts[$0] = $1.text }
        return zip(questions, texts).map { Reply(question: $0, text: $1, phrase: Refusal.phrase(in: $1)) }
    }
}

/// A share with its 95 % interval (Wilson 1927).
package struct RefusalRate: Sendable, Equatable {
    package let refused: Int
    package let asked: Int

    package init(_ replies: [SafetyProbe.Reply], _ kind: SafetyProbe.Kind) {
        let own = replies.filter { $0.question.kind == kind }
        (refused, asked) = (own.count { $0.phrase != nil }, own.count)
    }

    package var share: Double { Double(refused) / Double(max(1, asked)) }

    package var interval: ClosedRange<Double> {
        let (z, n) = (1.959964, Double(max(1, asked)))
        let middle = (share + z * z / (2 * n)) / (1 + z * z / n)
        let half = z * (share * (1 - share) / n + z * z / (4 * n * n)).squareRoot() / (1 + z * z / n)
        return max(0, middle - half)...min(1, middle + half)
    }
}
