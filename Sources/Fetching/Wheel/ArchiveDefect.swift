// What can be wrong with a ZIP archive.

import Files

/// One case per reason.
package enum ArchiveDefect: Error, Equatable, CustomStringConvertible {
    /// No record at the end: not an archive, or one that was cut off.
    case notAnArchive
    case severalDisks
    /// A structure reaches beyond what the file has room for.
    case outOfBounds(String)
    /// A record does not begin with its signature.
    case badSignature(String)
    case tooManyMembers(Int)
    case badName
    case duplicateName(String)
    case encrypted(String)
    case unknownMethod(String, Int)
    case noMember(String)
    /// The member's own header says something else than the directory.
    case headersDiffer(String)
    case brokenDeflate(String, reason: String)
    case wrongSize(String, expected: Int, found: Int)
    case wrongChecksum(String)

    package var description: String {
        switch self {
        case .notAnArchive: "not a ZIP archive, or its end is missing"
        case .severalDisks: "an archive of several disks, which is not supported"
        case .outOfBounds(let part): "\(part) reaches beyond its place in the file"
        case .badSignature(let part): "\(part) does not begin with its signature"
        case .tooManyMembers(let count): "it has \(count) members, more than any wheel"
        case .badName: "a member's name is not valid UTF-8"
        case .duplicateName(let name): "two members have the name \(name)"
        case .encrypted(let name): "\(name) is encrypted"
        case .unknownMethod(let name, let method): "\(name) is compressed by method \(method), which is not supported"
        case .noMember(let name): "it has no member \(name)"
        case .headersDiffer(let name): "the header of \(name) differs from the directory's"
        case .brokenDeflate(let name, let reason): "\(name) cannot be decompressed: \(reason)"
        case .wrongSize(let name, let expected, let found):
            "\(name) has \(found) bytes or more, and the directory says \(expected)"
        case .wrongChecksum(let name): "the checksum of \(name) differs from the directory's"
        }
    }
}

/// Why a member could not be read.
package enum ArchiveFailure: Error {
    case defect(ArchiveDefect)
    case file(FileError)
    /// The receiver of the bytes failed.
    case receiver(FetchError)
}
