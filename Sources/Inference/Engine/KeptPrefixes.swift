// Keys and values of prompts that were read, kept for prompts that begin the same way.

import Kernels
import Model

/// Tokens of a prompt whose positions are in a cache and may be reused.
struct ReadPrefix {
    let model: Int
    /// Complete chunks of a prompt.
    let tokens: ArraySlice<Int32>
    let cache: KeyValueCache

    /// How many positions a prompt can take from here: complete chunks, and at most all but its last token, whose logits
    /// are needed.
    func common(with prompt: [Int32]) -> Int { ReadPrefix.common(prompt, tokens) }

    /// The same of a prompt and of tokens that another one begins with.
    static func common(_ prompt: [Int32], _ tokens: ArraySlice<Int32>) -> Int {
        let most = min(tokens.count, prompt.count - 1)
        var count = 0
        let (first, start) = (prompt.startIndex, tokens.startIndex)
        while count < most, prompt[first + count] == tokens[start + count] { count += 1 }
        return complete(count)
    }

    /// Positions of complete chunks among `count`.
    static func complete(_ count: Int) -> Int { count / EngineModel.promptChunk * EngineModel.promptChunk }
}

/// The prefixes of ended requests; the least recently used ones leave first.
struct KeptPrefixes {
    private var entries: [(prefix: ReadPrefix, lastUse: Int)] = []
    private var clock = 0
    private(set) var byteCount = 0

    /// The prefix that most of a prompt can be taken from.
    func longest(for prompt: [Int32], of model: Int) -> (number: Int, count: Int)? {
        var best: (number: Int, count: Int)?
        for (number, entry) in entries.enumerated() where entry.prefix.model == model {
            let count = entry.prefix.common(with: prompt)
            if count > best?.count ?? 0 { best = (number, count) }
        }
        return best
    }

    /// The cache of a prefix, which now is the most recently used one.
    mutating func use(_ number: Int) -> KeyValueCache {
        clock += 1
        entries[number].lastUse = clock
        return entries[number].prefix.cache
    }

    /// Drops prefixes until all of them take at most `limit` bytes: the least recently used first, the one from which
    /// `prompt` could be taken last.
    mutating func shrink(to limit: Int, sparing prompt: [Int32], of model: Int) {
        guard byteCount > limit else { return }
        if let best = longest(for: prompt, of: model) { _ = use(best.number) }
        shrink(to: limit)
    }

    private mutating func shrink(to limit: Int) {
        while byteCount > limit, let oldest = entries.indices.min(by: { entries[$0].lastUse < entries[$1].lastUse }) {
            remove(oldest)
        }
    }

    private mutating func remove(_ number: Int) {
        byteCount -= entries[number].prefix.cache.byteCount
        entries.remove(at: number)
    }

    /// Keeps a prompt's complete chunks, if there is room for them. The cache is not used by anybody else any more, and
    /// counts as a prefix from here on, not as its request's.
    ///
    /// - Parameter limit: bytes of all prefixes together, the cache's included.
    mutating func keep(_ prompt: [Int32], _ cache: KeyValueCache, of model: EngineModel, limit: Int) {
        let count = ReadPrefix.complete(min(prompt.count, cache.count))
        guard count > 0 else { return }
        let tokens = prompt[..<count]
        // Another one may have all of it.
        if let longer = entries.firstIndex(where: {
            $0.prefix.model == model.number && $0.prefix.tokens.starts(with: tokens)
        }) {
            _ = use(longer)
            return
        }
        while let shorter = entries.firstIndex(where: {
            $0.prefix.model == model.number && tokens.starts(with: $0.prefix.tokens)
        }) {
            remove(shorter)
        }
        let own = trimmed(cache, to: count, model, limit: limit)
        shrink(to: limit - own.byteCount)
        clock += 1
        entries.append((ReadPrefix(model: model.number, tokens: tokens, cache: own), clock))
        byteCount += own.byteCount
    }

    /// The cache itself where little of it is unused, or where there is no room for both; otherwise a smaller copy.
    private mutating func trimmed(
        _ cache: KeyValueCache, to count: Int, _ model: EngineModel, limit: Int
    ) -> KeyValueCache {
        cache.truncate(to: count)
        let bytes = model.cacheBytes(positions: count)
        guard cache.byteCount > bytes / 2 * 3, cache.byteCount + bytes <= limit else { return cache }
        shrink(to: limit - cache.byteCount - bytes)
        guard let copy = KeyValueCache(model.architecture, ifPossible: count) else { return cache }
        copy.copyPrefix(count, of: cache)
        return copy
    }

    mutating func forget(_ model: Int) {
        for number in entries.indices.reversed() where entries[number].prefix.model == model { remove(number) }
    }
}
