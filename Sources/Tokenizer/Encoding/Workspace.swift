// The memory that one encoding at a time works in, and the pool that lends it.

import Foundation

/// The memory of one encoding: the cache of pieces, the merger's arrays and a block of output.
final class Workspace {
    static let outputCapacity = 8192

    let tables: EncodingTables
    let cache: PieceCache
    let merger: PieceMerger
    let output: UnsafeMutablePointer<Int32>

    init(tables: EncodingTables) {
        self.tables = tables
        cache = PieceCache()
        merger = PieceMerger(tables)
        output = .allocate(capacity: Self.outputCapacity)
    }

    deinit {
        cache.deallocate()
        output.deallocate()
    }
}

/// Lends each encoding a workspace of its own; one given back keeps its cache for the next.
///
/// The list is touched under the lock only, and a workspace is in the hands of one thread at a time.
final class WorkspacePool: @unchecked Sendable {
    private let lock = NSLock()
    private var idle: [Workspace] = []

    func take(tables: EncodingTables) -> Workspace {
        lock.lock()
        defer { lock.unlock() }
        return idle.popLast() ?? Workspace(tables: tables)
    }

    func giveBack(_ workspace: Workspace) {
        workspace.merger.trim()
        lock.lock()
        defer { lock.unlock() }
        idle.append(workspace)
    }
}
