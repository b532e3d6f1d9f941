// What differs between the two binary interfaces of MPI: the names of their libraries and the values of their handles.

/// An implementation of MPI. All others that are in use have the interface of one of these two: Intel MPI, MVAPICH and
/// Cray MPI that of MPICH (mpich.org/abi).
package enum MPIDialect: String, Sendable, CaseIterable {
    case openMPI = "Open MPI"
    case mpich = "MPICH"

    /// The names under which it is installed, the usual first.
    package var fileNames: [String] {
        switch self {
        case .openMPI: ["libmpi.so.40", "libmpi.40.dylib", "libmpi.so"]
        case .mpich: ["libmpich.so.12", "libmpi.so.12", "libmpi.12.dylib", "libmpich.so"]
        }
    }

    /// A symbol that the other one does not have, which shows what a library is, whatever its name.
    var ownSymbol: String {
        switch self {
        case .openMPI: "ompi_mpi_comm_world"
        case .mpich: "MPIR_Err_create_code"
        }
    }

    /// The handle of the communicator of all ranks: the address of an object in Open MPI (mpi.h), a number in MPICH.
    /// Numbers have 32 bits and are passed in the low half of a register, as words of 64 bits are in a full one.
    func world(_ find: (String) -> UnsafeMutableRawPointer?) -> UInt? {
        switch self {
        case .openMPI: find("ompi_mpi_comm_world").map { UInt(bitPattern: $0) }
        case .mpich: 0x4400_0000
        }
    }

    /// The handle of the type of a byte.
    func byte(_ find: (String) -> UnsafeMutableRawPointer?) -> UInt? {
        switch self {
        case .openMPI: find("ompi_mpi_byte").map { UInt(bitPattern: $0) }
        case .mpich: 0x4c00_010d
        }
    }

    /// What stands for a status that nobody wants.
    var ignoredStatus: UnsafeMutableRawPointer? {
        switch self {
        case .openMPI: nil
        case .mpich: UnsafeMutableRawPointer(bitPattern: 1)
        }
    }

    /// `MPI_THREAD_FUNNELED`: one thread makes all calls, and there may be others.
    static let funneled: Int32 = 1
}
