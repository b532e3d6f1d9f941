// Messages between ranks through MPI.

import Foundation

/// All calls come from the thread that has made it, as `MPI_THREAD_FUNNELED` asks.
package final class MPITransport: Transport {
    package let rank: Int
    package let count: Int
    private let library: MPILibrary

    /// Starts MPI, which waits until all ranks have done so.
    init(_ library: MPILibrary) throws(CommunicationError) {
        self.library = library
        var provided: Int32 = 0
        guard library.start(nil, nil, MPIDialect.funneled, &provided) == 0 else {
            throw .failed("MPI_Init_thread", code: 1)
        }
        guard provided >= MPIDialect.funneled else {
            throw .noLibrary(library.fileName, reason: "it was built without support for threads")
        }
        var (rank, count): (Int32, Int32) = (0, 0)
        guard library.rank(library.world, &rank) == 0, library.size(library.world, &count) == 0 else {
            throw .failed("MPI_Comm_rank", code: 1)
        }
        (self.rank, self.count) = (Int(rank), Int(count))
    }

    package var name: String { library.description }

    package func send(_ bytes: UnsafeRawBufferPointer, to other: Int, _ tag: MessageTag) throws(CommunicationError)
        -> Request
    {
        var handle: UInt = 0
        let code = library.send(
            bytes.baseAddress, Int32(bytes.count), library.byte, Int32(other), tag.rawValue, library.world, &handle)
        guard code == 0 else { throw .failed("MPI_Isend", code: Int(code)) }
        return Request(handle: handle)
    }

    package func receive(
        into bytes: UnsafeMutableRawBufferPointer, from other: Int, _ tag: MessageTag
    ) throws(CommunicationError) -> Request {
        var handle: UInt = 0
        let code = library.receive(
            bytes.baseAddress, Int32(bytes.count), library.byte, Int32(other), tag.rawValue, library.world, &handle)
        guard code == 0 else { throw .failed("MPI_Irecv", code: Int(code)) }
        return Request(handle: handle)
    }

    package func isDone(_ request: inout Request) throws(CommunicationError) -> Bool {
        var flag: Int32 = 0
        let code = library.test(&request.handle, &flag, library.dialect.ignoredStatus)
        guard code == 0 else { throw .failed("MPI_Test", code: Int(code)) }
        return flag != 0
    }

    package func hasMessage(from other: Int, _ tag: MessageTag) -> Bool {
        var flag: Int32 = 0
        return library.probe(Int32(other), tag.rawValue, library.world, &flag, library.dialect.ignoredStatus) == 0
            && flag != 0
    }

    package func finish() { _ = library.finish() }

    package func abort(code: Int32) -> Never {
        _ = library.abort(library.world, code)
        _exit(code)
    }
}
