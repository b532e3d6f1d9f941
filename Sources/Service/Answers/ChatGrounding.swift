// The service's documents in a chat: passages in the prompt, and their places.

import Conversations
import Inference
import Retrieval

extension ChatRequest {
    /// The conversation with what the documents say to its last question.
    ///
    /// As many passages as leave `room` tokens for the answer; where one leaves none, the oldest turns go: an answer without
    /// passages would be invented.
    ///
    /// - Returns: sources are nil where no documents are asked, and empty where nothing is near enough.
    func grounded(
        _ documents: SharedGrounding?, _ frame: AnswerFrame, room: Int
    ) throws -> (messages: [Message], sources: [FoundPassage]?) {
        guard let documents else {
            guard usesDocuments != true else {
                throw APIError.invalid(
                    "'documents' is true, and this server has none: it was started without --index.",
                    param: "documents", code: "no_documents")
            }
            return (messages, nil)
        }
        guard usesDocuments != false else { return (messages, nil) }
        let (grounded, sources) = try documents.ground(messages) { try frame.fits($0, room: room) }
        return (try frame.fitting(grounded, room: room).messages, sources)
    }
}
