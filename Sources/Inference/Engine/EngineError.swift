// What can go wrong with a request to the engine.

/// Why a request was refused, or ended without a result. No other request is affected.
package enum EngineError: Error, Equatable, CustomStringConvertible {
    case emptyPrompt
    case promptTooLong(tokens: Int, context: Int)
    case unknownToken(Int32, vocabularySize: Int)
    /// The keys and values of the request need more bytes than there will ever be.
    case tooLarge(bytes: Int, limit: Int)
    /// So many requests wait already.
    case queueFull(limit: Int)
    /// The system gave no memory for keys and values, although the limit allows it.
    case outOfMemory(bytes: Int)
    case cancelled
    /// The engine was stopped.
    case stopped

    package var description: String {
        switch self {
        case .emptyPrompt: "the prompt has no tokens"
        case .promptTooLong(let tokens, let context):
            "the prompt has \(tokens) tokens; the model's context holds \(context)"
        case .unknownToken(let token, let vocabularySize):
            "the prompt has the token \(token); the vocabulary has those from 0 to \(vocabularySize - 1)"
        case .tooLarge(let bytes, let limit):
            "prompt and answer need \(mebibytes(bytes)) MiB for keys and values; the limit is \(mebibytes(limit)) MiB"
        case .queueFull(let limit): "\(limit) requests are waiting already"
        case .outOfMemory(let bytes): "there is no memory for keys and values of \(mebibytes(bytes)) MiB"
        case .cancelled: "the request was cancelled"
        case .stopped: "the engine was stopped"
        }
    }

    /// What the caller can do about it.
    package var hint: String? {
        switch self {
        case .emptyPrompt, .unknownToken, .cancelled, .stopped: nil
        case .promptTooLong: "shorten the prompt"
        case .tooLarge: "ask for fewer tokens or fewer continuations, or give the engine more memory"
        case .queueFull, .outOfMemory: "try again later"
        }
    }

    private func mebibytes(_ bytes: Int) -> Int { (bytes + (1 << 20) - 1) >> 20 }
}
