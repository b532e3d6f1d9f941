// How prompts are read: a known beginning is copied, the rest is read in chunks, those of several prompts together.

import Kernels
import Model

extension EngineLoop {
    /// Reads the next chunk of the first prompt of the model, and where a pass may have the rows of several prompts, of
    /// those that came after it; after its last one a prompt's continuations begin.
    func readChunks(_ group: EngineGroup) {
        var (pass, rows) = ([(job: EngineJob, cache: KeyValueCache, tokens: Range<Int>)](), 0)
        // Texts that are being drawn wait for as long as one chunk takes.
        let most =
            group.drawing.isEmpty && group.model.readsTogether ? EngineModel.passTokens : EngineModel.promptChunk
        for job in group.reading {
            if !pass.isEmpty, !group.model.readsTogether || waits(job, for: pass.map(\.job)) { continue }
            // What it can reuse is not known yet where it has no cache.
            if rows > 0, rows + min(EngineModel.promptChunk, job.prompt.count - (job.cache?.count ?? 0)) > most {
                break
            }
            guard let cache = job.cache ?? begin(job, group) else {
                end(job, with: .outOfMemory(bytes: job.submission.bytesPerCache), in: group)
                continue
            }
            // Cut at the same places whatever was reused.
            let start = cache.count
            let end = min(ReadPrefix.complete(start) + EngineModel.promptChunk, job.prompt.count)
            pass.append((job, cache, start..<end))
            rows += end - start
        }
        guard !pass.isEmpty else { return }
        group.model.decoder.read(pass.map { ($0.cache, Array($0.job.prompt[$0.tokens])) })
        statistics.promptTokensRead += rows
        statistics.promptPasses += 1
        var first = 0
        // What the prompts' ends need of the pass, before drawing overwrites it.
        for (job, cache, tokens) in pass {
            let own = first..<(first + tokens.count)
            first = own.upperBound
            if job.request == nil {
                addStates(to: job, own)
            } else if job.request?.scoresPrompt == true {
                score(job, tokens, firstRow: own.lowerBound)
            }
            if tokens.upperBound == job.prompt.count { finishReading(job, cache, lastRow: own.upperBound - 1, group) }
        }
    }

    /// Whether a prompt can soon reuse what one of these is about to read.
    private func waits(_ job: EngineJob, for others: [EngineJob]) -> Bool {
        guard job.cache == nil, job.request?.scoresPrompt == false else { return false }
        return others.contains { other in
            let common = ReadPrefix.common(job.prompt, other.prompt[...])
            return common > ReadPrefix.complete(other.cache?.count ?? 0)
        }
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
    private func addStates(to job: EngineJob, _ rows: Range<Int>) {
        let states = job.model.decoder.states(ofRows: rows)
        for row in 0..<rows.count {
            let values = states.row(row)
            for column in job.sums.indices { job.sums[column] += Double(values[column]) }
        }
    }

    /// The probabilities of the prompt's tokens that follow those of a chunk.
    ///
    /// - Parameter firstRow: that of the chunk's first token in the pass.
    private func score(_ job: EngineJob, _ chunk: Range<Int>, firstRow: Int) {
        let (model, prompt, alternatives) = (job.model, job.prompt, job.request?.alternatives ?? 0)
        if chunk.lowerBound == 0 { job.scores.append(model.drawn(prompt[0], nil, alternatives: nil)) }
        let predicted = chunk.lowerBound..<min(chunk.upperBound, prompt.count - 1)
        for first in stride(from: predicted.lowerBound, to: predicted.upperBound, by: Decoder.mostTokens) {
            let rows = first..<min(first + Decoder.mostTokens, predicted.upperBound)
            let own = firstRow + rows.lowerBound - chunk.lowerBound
            let logits = model.decoder.logits(ofRows: own..<(own + rows.count))
            let start = job.scores.count
            job.scores += rows.map { _ in DrawnToken(id: 0, bytes: []) }
            job.scores.withUnsafeMutableBufferPointer { scores in
                let target = scores.baseAddress! + start
                ParallelFor.tasks(rows.count) { row in
                    target[row] = model.drawn(
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
                endOne(of: job, cache: last)
                continuation.finish()
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
