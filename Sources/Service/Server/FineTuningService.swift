// Everything that a service is made of, put together once.

import Inference
import Models
import Retrieval

/// A service as a value: requests go in, responses come out. Sockets belong to `HTTPServer`.
package final class FineTuningService: Sendable {
    package let settings: ServiceSettings
    package let store: Store
    package let models: LocalModels
    package let queue: JobQueue
    package let engine: BatchEngine
    package let pool: ModelPool
    let progress: JobProgress
    let looks: Looks
    let checks = KnownChecks()
    let metrics = ServiceMetrics()
    let key: ServiceKey?
    let page: PageFiles
    /// What chats answer from; nil for none.
    let documents: SharedGrounding?
    /// Told what an operator should know, a line at a time.
    let log: @Sendable (String) -> Void

    /// - Parameters:
    ///   - key: that requests must carry; nil for none.
    ///   - page: the files of the page at `/`.
    package init(
        settings: ServiceSettings, store: Store, engine: BatchEngine, pool: ModelPool, launcher: JobLauncher,
        key: ServiceKey? = nil, page: PageFiles = PageFiles([:]), documents: SharedGrounding? = nil,
        log: @escaping @Sendable (String) -> Void
    ) {
        (self.settings, self.store, self.engine, self.pool) = (settings, store, engine, pool)
        (self.key, self.page, self.documents, self.log) = (key, page, documents, log)
        models = LocalModels(store, settings)
        progress = JobProgress(store, settings)
        looks = Looks(settings, launcher)
        queue = JobQueue(store: store, settings: settings, launcher: launcher, log: log)
    }

    /// Begins to work on jobs, those that an earlier service has left among them.
    package func start() {
        looks.removeLeftovers()
        queue.start()
    }

    /// Ends what is being answered, lets the running job save and end, and closes the store. Nothing may be asked then.
    package func stop() {
        engine.stop()
        queue.stop()
        store.close()
    }
}
