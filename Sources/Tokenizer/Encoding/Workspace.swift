// The memory that one encoding at a time works in, and the pool that lends it.

import Foundation

/// Everything about a vocabulary that encoding reads, and nothing that it writes.
///
/// Written in the initialiser only and freed with the object, so sharing it between threads is safe.
final class EncodingTables: @unchecked Sendable {
    let pairs: PairTable
    let hasMerges: Bool
    /// 256 ids, -1 for a byte that the vocabulary lacks.
    let tokenOfByte: UnsafePointer<Int32>
    /// 256 classes, for the scanner.
    let classOfFirstByte: UnsafePointer<UInt8>

    init(tokenOfByte: [Int32], merges: [Merge]) {
        precondition(tokenOfByte.count == 256, "256 bytes, but \(tokenOfByte.count) tokens for them")
        pairs = PairTable(merges)
        hasMerges = !merges.isEmpty
        let tokens = UnsafeMutablePointer<Int32>.allocate(capacity: 256)
        for place in 0..<256 { tokens[place] = tokenOfByte[place] }
        self.tokenOfByte = UnsafePointer(tokens)
        let classes = UnsafeMutablePointer<UInt8>.allocate(capacity: 256)
        for place in 0..<256 { classes[place] = ScalarClasses.ofFirstBytes[place] }
        classOfFirstByte = UnsafePointer(classes)
    }

    deinit {
        tokenOfByte.deallocate()
        classOfFirstByte.deallocate()
    }
}

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
        merger = PieceMerger(pairs: tables.pairs.view, tokenOfByte: tables.tokenOfByte)
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
