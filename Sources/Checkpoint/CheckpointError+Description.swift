// Messages for a checkpoint's defects.

import Files

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension CheckpointError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .invalidName(let name): "'\(name)' is not a valid name in a checkpoint"
        case .duplicateName(let name): "\(name) is given twice"
        case .empty(let name): "\(name) has no elements"
        case .shapeDoesNotMatchValues(let name, let shape, let count):
            "\(name) has shape \(text(shape)) but \(count) values"
        case .nonFinite(let path, let name, let index, let value):
            "\(path.map { "\($0): " } ?? "")\(name) is \(value) at index \(index)"
        case .beyondFloat16(let name, let index, let value):
            "\(name) is \(value) at index \(index), beyond float16's largest number, 65504"
        case .notEnoughSpace(let path, let needed, let available):
            "\(path) needs \(needed) bytes, but only \(available) are free on the disk"
        case .file(let error): error.description
        case .library(let path, let operation, let detail): "\(path): HDF5 failed in \(operation): \(detail)"
        case .readBackDiffers(let path, let name):
            "\(path): \(name) read back from the disk differs from what was written"
        case .gitLFSPointer(let path, let pointer): "\(path) is \(pointer)"
        case .notARegularFile(let path, let kind): "\(path) is \(kind), not a checkpoint"
        case .sizeOutOfRange(let path, let found, let minimum, let maximum):
            "\(path) has \(found) bytes; a checkpoint has between \(minimum) and \(maximum)"
        case .notACheckpoint(let path, let format): "\(path) is not a Luthier checkpoint: \(format.description)"
        case .newerVersion(let path, let found, let supported):
            "\(path) has format version \(found); this program reads versions up to \(supported)"
        case .damagedHeader(let path): "\(path) is damaged in the first \(UserBlock.byteCount) bytes"
        case .lengthDiffers(let path, let expected, let found):
            "\(path) should have \(expected) bytes but has \(found)"
        case .hashDiffers(let path, let expected, let found):
            "\(path) is damaged: its SHA-256 should be \(expected) but is \(found)"
        case .notHDF5(let path): "\(path) has no HDF5 data after the first \(UserBlock.byteCount) bytes"
        case .refused(let message, _): message
        case .notLookedAt(let path, let failure):
            "\(path) is not opened, because the process that looks at it first \(failure.description)"
        case .forbiddenObject(let path, let name, let defect): "\(path): \(name) \(defect.description)"
        case .missing(let path, let name): "\(path) has no \(name)"
        case .shapeDiffers(let path, let name, let expected, let found):
            "\(path): \(name) has shape \(text(found)), expected \(text(expected))"
        case .elementTypeDiffers(let path, let name, let expected, let found):
            "\(path): \(name) holds \(found), expected \(expected)"
        case .textTooLong(let path, let name, let found, let maximum):
            "\(path): \(name) has \(found) bytes; at most \(maximum) are allowed"
        }
    }

    /// What the user can do about it, if anything.
    package var hint: String? {
        switch self {
        case .file(let error): error.hint
        case .gitLFSPointer(_, let pointer): pointer.hint
        // HDF5 keeps the system's text of what failed, not its number.
        case .library(_, _, let detail):
            [EFBIG, ENOSPC, EDQUOT].first { detail.contains(String(cString: strerror($0))) }
                .flatMap { FileError(.write, "", code: $0).hint }
        case .notEnoughSpace: "free some disk space, or choose a folder on another disk"
        case .notACheckpoint(_, .safetensors), .notACheckpoint(_, .plainHDF5): "convert it with 'luthier import'"
        case .notACheckpoint(_, .pytorch): "save it as safetensors, then convert it with 'luthier import'"
        case .newerVersion: "use a newer luthier"
        case .lengthDiffers, .hashDiffers, .damagedHeader, .notACheckpoint(_, .zeros), .readBackDiffers:
            "use an earlier checkpoint, or copy this one again"
        case .nonFinite(nil, _, _, _):
            "the run has diverged: start again from the last good checkpoint with a lower learning rate"
        case .refused(_, let hint): hint
        case .notLookedAt(_, let failure): failure.hint
        case .beyondFloat16: "write float32 instead"
        default: nil
        }
    }
}

extension DetectedFormat {
    /// What the file appears to be, as a phrase.
    package var description: String {
        switch self {
        case .zeros: "it starts with zeros, probably after a crash"
        case .plainHDF5: "it is HDF5 without Luthier's header of \(UserBlock.byteCount) bytes"
        case .pytorch: "it looks like a PyTorch file, which can run code when it is loaded"
        case .safetensors: "it looks like safetensors"
        case .gguf: "it is GGUF"
        case .unknown: "its header is unknown"
        }
    }
}

extension FenceFailure: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notStarted(let error): "cannot be started: \(String(cString: strerror(error.code)))"
        case .killed(SIGXCPU): "used up its processor time (SIGXCPU)"
        case .killed(SIGKILL): "was killed (SIGKILL)"
        case .killed(let signal): "crashed in HDF5 (\(FenceFailure.name(signal)))"
        case .tooSlow(let seconds): "was not done after \(seconds) seconds"
        case .noAnswer(let code): "gave no answer; its exit code is \(code)"
        }
    }

    var hint: String? {
        switch self {
        case .notStarted(let error): error.hint
        case .killed(SIGKILL), .tooSlow, .noAnswer: "try again where more memory and time are free"
        case .killed: "the file is damaged, or was made to do harm: get it again from a source that you trust"
        }
    }

    private static func name(_ signal: Int32) -> String {
        switch signal {
        case SIGSEGV: "SIGSEGV"
        case SIGABRT: "SIGABRT"
        case SIGBUS: "SIGBUS"
        case SIGFPE: "SIGFPE"
        case SIGILL: "SIGILL"
        case SIGTRAP: "SIGTRAP"
        default: "signal \(signal)"
        }
    }
}

extension ObjectDefect: CustomStringConvertible {
    package var description: String {
        switch self {
        case .softLink: "is a soft link, which is not allowed"
        case .externalLink: "is a link to another file, which is not allowed"
        case .userDefinedLink: "is a link of an unknown kind, which is not allowed"
        case .notAnArray: "is neither a group nor an array"
        case .groupStorage: "is a group stored in another way than Luthier's"
        case .invalidName: "is not a valid name in a checkpoint"
        case .linkedTwice: "has a second name in the file"
        case .tooDeep(let maximum): "is nested more than \(maximum) groups deep"
        case .tooMany(let maximum): "exceeds the limit of \(maximum) objects"
        case .layout(let kind): "is stored \(kind), not contiguous"
        case .externalStorage: "stores its data in another file, which is not allowed"
        case .filters(let count): "uses \(count) filters, which are not allowed"
        case .elementType(let found): "holds \(found); only float32, float16 and bytes are allowed"
        case .rank(let found, let maximum): "has \(found) dimensions; 1 to \(maximum) are allowed"
        case .zeroSize(let shape): "has shape \(text(shape)), which is empty"
        case .sizeOverflow(let shape): "has shape \(text(shape)), more than memory can hold"
        case .storageSize(let expected, let found): "should take \(expected) bytes but takes \(found)"
        case .outsideFile: "is outside the file"
        }
    }
}

/// `[3, 4]` as `(3, 4)`.
private func text(_ shape: [Int]) -> String { "(\(shape.map(String.init).joined(separator: ", ")))" }
