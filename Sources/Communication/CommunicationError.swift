// Why ranks cannot work together.

package enum CommunicationError: Error, Equatable, CustomStringConvertible {
    /// No MPI library of this name can be used.
    case noLibrary(String, reason: String)
    /// A function of MPI has failed.
    case failed(String, code: Int)
    /// The launcher says one thing and the library another: they do not belong together.
    case launchDiffers(started: Int, found: Int, library: String)
    /// srun was not told by which interface its processes find one another.
    case noInterface(started: Int)

    package var description: String {
        switch self {
        case .noLibrary(let name, let reason): "\(name) cannot be used: \(reason)"
        case .failed(let function, let code): "\(function) has failed with code \(code)"
        case .launchDiffers(let started, let found, let library):
            "\(started) processes were started, but \(library) finds \(found): it is not the launcher's own library"
        case .noInterface(let started):
            "srun has started \(started) processes, and they cannot find one another: it was not told the interface"
        }
    }

    package var hint: String? {
        switch self {
        case .noLibrary:
            "install Open MPI (libopenmpi3 or openmpi-bin) or MPICH (libmpich12 or mpich) on every machine, or name the library "
                + "in LUTHIER_MPI"
        case .launchDiffers: "start it with the library's own mpirun, or name the launcher's library in LUTHIER_MPI"
        case .failed: nil
        case .noInterface:
            "start it with srun --mpi=pmix (Open MPI) or --mpi=pmi2 (MPICH), see srun --mpi=list; one process with srun "
                + "--ntasks=1"
        }
    }
}
