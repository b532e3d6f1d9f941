// A pass in which several texts draw their next token.

import Kernels
import Model

extension EngineLoop {
    /// Draws a token for each of up to `Decoder.mostTokens` texts of the model; those that had their turn go to the end of
    /// the line.
    func drawTokens(_ group: EngineGroup) {
        guard let first = group.drawing.first else { return }
        if isAlone {
            drawWithGuesses(first, group.model)
        } else {
            drawOneEach(Array(group.drawing.prefix(Decoder.mostTokens)), group.model)
        }
        let turn = group.drawing.prefix(Decoder.mostTokens)
        group.drawing.removeFirst(turn.count)
        for continuation in turn {
            continuation.sendNews()
            if let cache = continuation.cache, continuation.generation.pending != nil, cache.count < cache.capacity {
                group.drawing.append(continuation)
            } else {
                finish(continuation)
            }
        }
    }

    private func drawOneEach(_ turn: [EngineContinuation], _ model: EngineModel) {
        let parts = turn.map { continuation in
            guard let cache = continuation.cache, let token = continuation.generation.pending else {
                preconditionFailure("a text that has ended draws a token")
            }
            return (cache: cache, tokens: [token])
        }
        let logits = model.decoder.advanceTogether(parts)
        let before = turn.reduce(0) { $0 + $1.generation.history.count }
        ParallelFor.tasks(turn.count) { turn[$0].draw(logits.vector($0)) }
        note(rows: turn.count, drawn: turn.reduce(-before) { $0 + $1.generation.history.count })
    }

    /// As `TextGenerator.complete` does it: the draws are those of one token at a time.
    private func drawWithGuesses(_ continuation: EngineContinuation, _ model: EngineModel) {
        guard let cache = continuation.cache, let token = continuation.generation.pending else {
            preconditionFailure("a text that has ended draws a token")
        }
        let room = min(Decoder.mostTokens, cache.capacity - cache.count)
        let (start, before) = (cache.count, continuation.generation.history.count)
        let guess = continuation.lookup.guess(after: continuation.generation.history, most: room - 1)
        let logits = model.decoder.advanceTogether([(cache, [token] + guess)])
        var row = 0
        continuation.draw(logits.vector(row))
        while row < guess.count, continuation.generation.pending == guess[row] {
            row += 1
            continuation.draw(logits.vector(row))
        }
        continuation.lookup.learn(guessed: guess.count, right: row)
        cache.truncate(to: start + 1 + row)
        note(rows: 1 + guess.count, drawn: continuation.generation.history.count - before)
    }

    private func note(rows: Int, drawn: Int) {
        statistics.passes += 1
        statistics.rows += rows
        statistics.tokensDrawn += drawn
    }

    private func finish(_ continuation: EngineContinuation) {
        let cache = continuation.cache
        continuation.cache = nil
        continuation.finish()
        endOne(of: continuation.job, cache: cache)
    }
}
