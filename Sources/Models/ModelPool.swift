// Models in memory: opened on first use, unloaded by need, and what they have in common there once.

import Inference
import Kernels
import Model
import Synchronization
import Tokenizer

/// A model of a pool, for lists.
package struct LoadedModel: Sendable, Equatable {
    /// What it was first asked for by.
    package var name: String
    /// What it takes in addition to others: of a tuned model with adapters, these alone.
    package var byteCount: Int
    /// Leases.
    package var users: Int
}

/// Models that an engine computes with. A tuned model of adapters is opened on the base that other ones use: the base's
/// weights, their compact copy and the working memory exist once, and the adapters stay separate from them. Its answers are
/// those of the merged model within rounding. Every other model is as `ModelSource.load` gives it.
///
/// Models leave by need, the least recently used first; never one in use, nor a base of one.
package final class ModelPool: Sendable {
    private let engine: BatchEngine
    private let memoryLimit: Int
    private let format: WeightFormat?
    private let availableBytes: @Sendable () -> Int?
    /// Held while a model is loaded: loading two at a time would take memory for both.
    private let loading = Mutex(())
    private let state = Mutex(State())

    /// A model as files, and whether adapters are merged into it, as a base needs it.
    struct Key: Hashable {
        var place: ModelPlace
        var isMerged = false
    }

    private struct Entry {
        let name: String
        let model: EngineModel
        let info: ModelInfo
        let notes: [String]
        let byteCount: Int
        let base: Key?
        var users = 0
        var lastUse = 0
        /// Goes as soon as nobody uses it.
        var isLeaving = false
        /// SHA-256 of the weights, by the context for which it is asked.
        var hashes: [Int: String] = [:]
    }

    private struct State {
        var entries: [Key: Entry] = [:]
        var clock = 0

        var usedBytes: Int { entries.values.reduce(0) { $0 + $1.byteCount } }

        mutating func use(_ key: Key) {
            clock += 1
            entries[key]?.users += 1
            entries[key]?.lastUse = clock
            if let base = entries[key]?.base { entries[base]?.lastUse = clock }
        }

        /// Whether nothing in use needs it, directly or as its base.
        func isIdle(_ key: Key) -> Bool {
            entries[key]?.users == 0 && !entries.values.contains { $0.base == key && $0.users > 0 }
        }

        /// What could leave next: idle, and nobody's base.
        var leaves: [Key] { entries.keys.filter { key in isIdle(key) && !entries.values.contains { $0.base == key } } }
    }

    /// - Parameters:
    ///   - memoryLimit: bytes of all models together; nil for what the system has.
    ///   - format: of the copy of the weights with which tokens are drawn; nil for none.
    ///   - availableBytes: what the system could still give.
    package init(
        engine: BatchEngine, memoryLimit: Int? = nil, format: WeightFormat? = nil,
        availableBytes: @escaping @Sendable () -> Int? = { Memory.availableBytes }
    ) {
        (self.engine, self.memoryLimit, self.format) = (engine, memoryLimit ?? .max, format)
        self.availableBytes = availableBytes
    }

    /// The model at a path or of a name, loaded now if it is not in memory, which can take seconds.
    ///
    /// - Throws: what `ModelSource` throws; `notEnoughMemory` where there will never be enough, `modelsInUse` where there
    ///   will be when others are not in use any more.
    package func lease(_ name: String) throws -> ModelLease {
        let key = Key(place: try ModelPlace(name))
        if let lease = take(key) { return lease }
        return try loading.withLock { _ in
            if let lease = take(key) { return lease }
            try load(key, name)
            guard let lease = take(key) else { preconditionFailure("\(name) is not there after loading") }
            return lease
        }
    }

    /// Models in memory, by name.
    package var loaded: [LoadedModel] {
        state.withLock { state in
            state.entries.values.map { LoadedModel(name: $0.name, byteCount: $0.byteCount, users: $0.users) }
        }.sorted { $0.name < $1.name }
    }

    /// Unloads a model as soon as nobody uses it.
    package func unload(_ name: String) {
        guard let place = try? ModelPlace(name) else { return }
        state.withLock { state in
            for key in state.entries.keys where key.place.path == place.path { state.entries[key]?.isLeaving = true }
        }
        removeLeaving()
    }

    fileprivate func release(_ key: Key) {
        let isLeaving = state.withLock { state in
            state.entries[key]?.users -= 1
            return state.entries.values.contains(where: \.isLeaving)
        }
        if isLeaving { removeLeaving() }
    }

    private func take(_ key: Key) -> ModelLease? {
        state.withLock { state in
            guard let entry = state.entries[key] else { return nil }
            state.use(key)
            return ModelLease(pool: self, key: key, model: entry.model, info: entry.info, notes: entry.notes)
        }
    }

    // MARK: Loading

    private func load(_ key: Key, _ name: String) throws {
        leaveOldFiles(of: key)
        let source = try ModelSource(path: name)
        guard let plain = source.adapterBase, let baseName = source.base else {
            try insert(key, name, source, loadFull(source))
            return
        }
        let base = Key(place: try ModelPlace(baseName), isMerged: plain.holdsAdapters)
        leaveOldFiles(of: base)
        if !state.withLock({ $0.entries[base] != nil }) { try insert(base, baseName, plain, loadFull(plain)) }
        state.withLock { $0.use(base) }
        defer { release(base) }
        try makeRoom(source.adapterBytes)
        guard let shared = state.withLock({ $0.entries[base]?.model }) else {
            preconditionFailure("\(baseName) left while it was used")
        }
        let context = source.architecture.contextLength
        let saved = try source.loadAdapted(on: shared.transformer, hash: hash(of: shared, base, context: context))
        let model = EngineModel(
            tuned: saved.model, sharing: shared, tokenizer: saved.tokenizer, contextLength: context)
        try insert(key, name, source, model, byteCount: source.adapterBytes, base: base)
    }

    /// Reading the weights and adding them up takes seconds for a large base, so it is done once.
    private func hash(of model: EngineModel, _ key: Key, context: Int) -> String {
        let context = min(context, model.architecture.contextLength)
        if let known = state.withLock({ $0.entries[key]?.hashes[context] }) { return known }
        let hash = SavedModel.hash(of: model.transformer, contextLength: context)
        state.withLock { $0.entries[key]?.hashes[context] = hash }
        return hash
    }

    private func loadFull(_ source: ModelSource) throws -> EngineModel {
        try makeRoom(byteCount(source))
        let saved = try source.load(copying: format)
        return EngineModel(saved.model, tokenizer: saved.tokenizer, format: format)
    }

    private func byteCount(_ source: ModelSource) -> Int {
        source.weightBytes + EngineModel.byteCount(source.architecture, format: format)
    }

    private func insert(
        _ key: Key, _ name: String, _ source: ModelSource, _ model: EngineModel, byteCount: Int? = nil,
        base: Key? = nil
    ) throws {
        let entry = Entry(
            name: name, model: model, info: source.info, notes: source.notes,
            byteCount: byteCount ?? self.byteCount(source), base: base)
        state.withLock { state in
            state.clock += 1
            state.entries[key] = entry
            state.entries[key]?.lastUse = state.clock
        }
    }

    // MARK: Unloading

    /// Unloads idle models until there is memory; none where that would not be enough.
    private func makeRoom(_ needed: Int) throws(ModelError) {
        while true {
            let (used, idle, anyInUse) = state.withLock { state in
                let idle = state.entries.filter { state.isIdle($0.key) }
                return (
                    state.usedBytes, idle.values.reduce(0) { $0 + $1.byteCount },
                    idle.count < state.entries.count
                )
            }
            let free = max(0, min(memoryLimit - used, availableBytes() ?? .max))
            if needed <= free { return }
            guard needed <= memoryLimit, idle > 0, needed - free <= idle else {
                if anyInUse, needed <= memoryLimit { throw .modelsInUse(needed: needed, available: free + idle) }
                throw .notEnoughMemory(needed: needed, available: min(free + idle, memoryLimit))
            }
            let victim = state.withLock { state -> EngineModel? in
                let oldest = state.leaves.min {
                    (state.entries[$0]?.lastUse ?? 0) < (state.entries[$1]?.lastUse ?? 0)
                }
                return oldest.flatMap { state.entries.removeValue(forKey: $0)?.model }
            }
            guard let victim else { throw .modelsInUse(needed: needed, available: free) }
            engine.forget(victim)
        }
    }

    /// Models of files that have changed since.
    private func leaveOldFiles(of key: Key) {
        state.withLock { state in
            for other in state.entries.keys where other.place.path == key.place.path && other.place != key.place {
                state.entries[other]?.isLeaving = true
            }
        }
        removeLeaving()
    }

    private func removeLeaving() {
        let models = state.withLock { state -> [EngineModel] in
            let going = state.leaves.filter { state.entries[$0]?.isLeaving == true }
            return going.compactMap { state.entries.removeValue(forKey: $0)?.model }
        }
        // This may be the engine's thread, which the last lease is given back on.
        for model in models { engine.forget(model, waits: false) }
    }
}

/// A model in use: it stays in memory while this exists. Hold it until the last event of the last request.
package final class ModelLease: Sendable {
    package let model: EngineModel
    /// Its architecture, template and defaults.
    package let info: ModelInfo
    /// What a person should know of the files.
    package let notes: [String]
    private let pool: ModelPool
    private let key: ModelPool.Key

    fileprivate init(pool: ModelPool, key: ModelPool.Key, model: EngineModel, info: ModelInfo, notes: [String]) {
        (self.pool, self.key, self.model, self.info, self.notes) = (pool, key, model, info, notes)
    }

    deinit { pool.release(key) }

    /// How the model is asked.
    package var frame: AnswerFrame {
        AnswerFrame(
            template: info.template, settings: info.generation, tokenizer: model.tokenizer,
            contextLength: model.contextLength)
    }
}
