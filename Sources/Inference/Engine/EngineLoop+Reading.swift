// How a prompt is read: what is known of its beginning is copied, the rest is read a chunk at a time.

import Kernels
import Model

extension EngineLoop {
    /// Reads the next chunk of the first prompt of the model; after its last one the continuations begin.
    func readChunk(_ group: EngineGroup) {
        guard let job = group.reading.first else { return }
        guard let cache = job.cache ?? begin(job, group) else {
            end(job, with: .outOfMemory(bytes: job.submission.bytesPerCache), in: group)
            return
        }
        // Cut at the same places whatever was reused.
        let start = cache.count
        let end = min(ReadPrefix.complete(start) + EngineModel.promptChunk, job.prompt.count)
        group.model.decoder.read(Array(job.prompt[start..<end]), into: cache)
        statistics.promptTokensRead += end - start
        if job.request == nil {
            addStates(to: job, rows: end - start)
        } else if job.request?.scoresPrompt == true {
            score(job, start..<end)
        }
        if end == job.prompt.count { finishReading(job, cache, lastRow: end - start - 1, group) }
    }

    /// Makes the prompt's cache, with what others have read of its beginning.
    private func begin(_ job: EngineJob, _ group: EngineGroup) -> KeyValueCache? {
        let positions = job.submission.positions
        guard let cache = KeyValueCache(group.model.architecture, ifPossible: positions) else { return nil }
        job.cache = cache
        // Scores and embeddings need the states of all positions.
        guard job.request?.scoresPrompt == false else { return cache }
        let known = kept.longest(for: job.prompt, of: group.model.number)
        let running = runningPrefixes(group, except: job).map { ($0.cache, $0.common(with: job.prompt)) }
            .max { $0.1 < $1.1 }
        if let running, running.1 > known?.count ?? 0 {
            job.tokensReused = running.1
            cache.copyPrefix(running.1, of: running.0)
        } else if let known {
            job.tokensReused = known.count
            cache.copyPrefix(known.count, of: kept.use(known.number))
        }
        statistics.promptTokensReused += job.tokensReused
        return cache
    }

    /// What the model's other requests have read of their prompts.
    private func runningPrefixes(_ group: EngineGroup, except job: EngineJob) -> [ReadPrefix] {
        let caches =
            group.reading.filter { $0 !== job }.map { ($0, $0.cache) } + group.drawing.map { ($0.job, $0.cache) }
        return caches.compactMap { job, cache in
            cache.map {
                let count = ReadPrefix.complete(min(job.prompt.count, $0.count))
                return ReadPrefix(model: group.model.number, tokens: job.prompt[..<count], cache: $0)
            }
        }
    }

    /// Adds the last hidden states of a chunk.
    private func addStates(to job: EngineJob, rows: Int) {
        let states = job.model.decoder.states(ofRows: 0..<rows)
        for row in 0..<rows {
            let values = states.row(row)
            for column in job.sums.indices { job.sums[column] += Double(values[column]) }
        }
    }

    /// The probabilities of the prompt's tokens that follow those of a chunk.
    private func score(_ job: EngineJob, _ chunk: Range<Int>) {
        let (model, prompt, alternatives) = (job.model, job.prompt, job.request?.alternatives ?? 0)
        if chunk.lowerBound == 0 { job.scores.append(model.drawn(prompt[0], nil, alternatives: nil)) }
        let predicted = chunk.lowerBound..<min(chunk.upperBound, prompt.count - 1)
        for first in stride(from: predicted.lowerBound, to: predicted.upperBound, by: Decoder.mostTokens) {
            let rows = first..<min(first + Decoder.mostTokens, predicted.upperBound)
            let logits = model.decoder.logits(
                ofRows: (rows.lowerBound - chunk.lowerBound)..<(rows.upperBound - chunk.lowerBound))
            let start = job.scores.count
            job.scores += rows.map { _ in DrawnToken(id: 0, bytes: []) }
            job.scores.withUnsafeMutableBufferPointer { scores in
                let own = scores.baseAddress! + start
                ParallelFor.tasks(rows.count) { row in
                    own[row] = model.drawn(
                        prompt[rows.lowerBound + row + 1], LogProbabilities(logits.vector(row)),
                        alternatives: alternatives)
                }
            }
        }
    }

    private func finishReading(_ job: EngineJob, _ cache: KeyValueCache, lastRow: Int, _ group: EngineGroup) {
        group.reading.removeAll { $0 === job }
        guard let request = job.request else {
            job.cache = nil
            endOne(of: job, cache: cache)
            job.send(job.sums.map { Float($0 / Double(job.prompt.count)) })
            return
        }
        let logits = group.model.decoder.logits(ofRows: lastRow..<(lastRow + 1)).vector(0)
        let continuations = (0..<job.continuationsLeft).map { EngineContinuation(job, request, number: $0) }
        ParallelFor.tasks(continuations.count) { continuations[$0].draw(logits) }
        job.send(
            .prompt(
                PromptReading(
                    tokensRead: job.prompt.count - job.tokensReused, tokensReused: job.tokensReused,
                    scores: job.scores)))
        start(continuations, job, cache, group)
    }

    /// Sends the first draws, and gives those that are not ended a cache.
    private func start(
        _ continuations: [EngineContinuation], _ job: EngineJob, _ cache: KeyValueCache, _ group: EngineGroup
    ) {
        let active = continuations.filter { $0.generation.pending != nil && cache.count < cache.capacity }
        for continuation in active {
            continuation.cache = job.cache ?? copy(of: cache, job)
            job.cache = nil
            guard continuation.cache != nil else {
                end(job, with: .outOfMemory(bytes: job.submission.bytesPerCache), in: group)
                return
            }
            group.drawing.append(continuation)
        }
        statistics.tokensDrawn += continuations.count { $0.generation.history.count > job.prompt.count }
        for continuation in continuations {
            if continuation.cache == nil {
                let last = job.cache
                job.cache = nil
                continuation.finish()
                endOne(of: job, cache: last)
            } else {
                continuation.sendNews()
            }
        }
    }

    private func copy(of cache: KeyValueCache, _ job: EngineJob) -> KeyValueCache? {
        let copy = KeyValueCache(job.model.architecture, ifPossible: job.submission.positions)
        copy?.copyPrefix(cache.count, of: cache)
        return copy
    }
}
