// The MPI library, loaded when several processes train together: nothing else needs it.

import Foundation

/// The few functions of MPI that are used, and the handles that they take. The C prototypes are in the standard
/// (mpi-forum.org, MPI 3.1); a handle is a word, see `MPIDialect`.
struct MPILibrary {
    typealias Start =
        @convention(c) (UnsafeMutableRawPointer?, UnsafeMutableRawPointer?, Int32, UnsafeMutablePointer<Int32>) -> Int32
    typealias Ask = @convention(c) (UInt, UnsafeMutablePointer<Int32>) -> Int32
    typealias Send =
        @convention(c) (UnsafeRawPointer?, Int32, UInt, Int32, Int32, UInt, UnsafeMutablePointer<UInt>) -> Int32
    typealias Receive =
        @convention(c) (UnsafeMutableRawPointer?, Int32, UInt, Int32, Int32, UInt, UnsafeMutablePointer<UInt>) -> Int32
    typealias Test =
        @convention(c) (UnsafeMutablePointer<UInt>, UnsafeMutablePointer<Int32>, UnsafeMutableRawPointer?) -> Int32
    typealias Probe =
        @convention(c) (Int32, Int32, UInt, UnsafeMutablePointer<Int32>, UnsafeMutableRawPointer?) -> Int32
    typealias Abort = @convention(c) (UInt, Int32) -> Int32
    typealias Finish = @convention(c) () -> Int32
    typealias Version = @convention(c) (UnsafeMutablePointer<CChar>, UnsafeMutablePointer<Int32>) -> Int32

    let dialect: MPIDialect
    /// The name of the file that was loaded.
    let fileName: String
    let world: UInt
    let byte: UInt
    let start: Start
    let rank, size: Ask
    let send: Send
    let receive: Receive
    let test: Test
    let probe: Probe
    let abort: Abort
    let finish: Finish
    let version: Version

    /// Loads the library; it stays loaded.
    ///
    /// - Parameters:
    ///   - launch: what started this process, whose own library is taken.
    ///   - path: of the library to load instead; from `LUTHIER_MPI`.
    init(for launch: Launch, path: String?) throws(CommunicationError) {
        let dialects = launch.library.map { [$0] } ?? MPIDialect.allCases
        let names = path.map { [$0] } ?? dialects.flatMap(\.fileNames)
        var (library, loaded, reason): (UnsafeMutableRawPointer?, String, String?) = (nil, "", nil)
        for name in names where library == nil {
            // Open MPI's plug-ins look for its symbols among those that everybody can see.
            library = dlopen(name, RTLD_NOW | RTLD_GLOBAL)
            if library == nil, reason == nil { reason = dlerror().map { String(cString: $0) } }
            loaded = name
        }
        guard let library else {
            throw .noLibrary(
                dialects.map(\.rawValue).joined(separator: " or "), reason: reason ?? "it is not installed")
        }
        func find(_ name: String) -> UnsafeMutableRawPointer? { dlsym(library, name) }
        func function<Function>(_ name: String, _ type: Function.Type) throws(CommunicationError) -> Function {
            guard let address = find(name) else { throw .noLibrary(loaded, reason: "it has no function \(name)") }
            return unsafeBitCast(address, to: type)
        }
        let dialect: MPIDialect = find(MPIDialect.openMPI.ownSymbol) == nil ? .mpich : .openMPI
        guard let world = dialect.world(find), let byte = dialect.byte(find) else {
            throw .noLibrary(loaded, reason: "it is not \(dialect.rawValue)")
        }
        (self.dialect, self.world, self.byte, fileName) = (dialect, world, byte, loaded)
        start = try function("MPI_Init_thread", Start.self)
        (rank, size) = (try function("MPI_Comm_rank", Ask.self), try function("MPI_Comm_size", Ask.self))
        (send, receive) = (try function("MPI_Isend", Send.self), try function("MPI_Irecv", Receive.self))
        (test, probe) = (try function("MPI_Test", Test.self), try function("MPI_Iprobe", Probe.self))
        (abort, finish) = (try function("MPI_Abort", Abort.self), try function("MPI_Finalize", Finish.self))
        version = try function("MPI_Get_library_version", Version.self)
    }

    /// Name and version as the library gives them, the first of several parts.
    var description: String {
        // MPICH writes up to 8,192 bytes.
        var text = [CChar](repeating: 0, count: 16_384)
        var length: Int32 = 0
        guard version(&text, &length) == 0 else { return dialect.rawValue }
        let bytes = text.prefix(max(0, min(Int(length), text.count))).map { UInt8(bitPattern: $0) }
        let full = String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        let first = full.split(whereSeparator: { ",\n".contains($0) }).first ?? ""
        // MPICH has a title and a tab in front: "MPICH Version:", "4.0.2".
        let words = first.split(whereSeparator: { " \t".contains($0) })
        return words.filter { $0 != "Version:" }.joined(separator: " ")
    }
}
