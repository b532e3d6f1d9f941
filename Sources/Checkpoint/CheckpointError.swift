// Defects of a checkpoint, on writing and on reading, as data.

import Files

/// Why a checkpoint could not be written or was rejected.
package enum CheckpointError: Error, Equatable {
    // Before anything is written.
    /// A name that is empty, has an empty part, or a character other than letters, digits, `.`, `_`, `-` and `/`.
    case invalidName(String)
    case duplicateName(String)
    /// An array or text without elements.
    case empty(name: String)
    case shapeDoesNotMatchValues(name: String, shape: [Int], count: Int)
    /// A value that is NaN or infinite, at a row-major index. `path` is nil on writing.
    case nonFinite(path: String?, name: String, index: Int, value: Float)
    /// A value that float16 cannot hold.
    case beyondFloat16(name: String, index: Int, value: Float)
    case notEnoughSpace(path: String, needed: Int, available: Int)

    // While writing or reading.
    case file(FileError)
    /// HDF5 failed; `detail` is its own message.
    case library(path: String, operation: String, detail: String)
    /// The bytes on disk differ from what was written.
    case readBackDiffers(path: String, name: String)

    // The file itself.
    /// A pointer text in the place of a file that Git LFS has not fetched.
    case gitLFSPointer(path: String, GitLFSPointer)
    case notARegularFile(path: String, kind: String)
    case sizeOutOfRange(path: String, found: Int, minimum: Int, maximum: Int)
    case notACheckpoint(path: String, format: DetectedFormat)
    case newerVersion(path: String, found: Int, supported: Int)
    /// Some of the first 512 bytes should be zero but are not.
    case damagedHeader(path: String)
    case lengthDiffers(path: String, expected: Int, found: Int)
    case hashDiffers(path: String, expected: String, found: String)
    case notHDF5(path: String)

    // What another process found that looked at it first.
    /// Its message, which names the file, and its hint.
    case refused(message: String, hint: String?)
    case notLookedAt(path: String, FenceFailure)

    // Its content.
    /// An object that Luthier never writes.
    case forbiddenObject(path: String, name: String, defect: ObjectDefect)
    case missing(path: String, name: String)
    case shapeDiffers(path: String, name: String, expected: [Int], found: [Int])
    case elementTypeDiffers(path: String, name: String, expected: String, found: String)
    case textTooLong(path: String, name: String, found: Int, maximum: Int)

    /// Runs `body` and wraps its error as `.file`.
    static func wrapping<Result>(_ body: () throws(FileError) -> Result) throws(CheckpointError) -> Result {
        do throws(FileError) { return try body() } catch { throw .file(error) }
    }

    /// The error with the destination's path instead of the temporary file's.
    func naming(_ path: String) -> CheckpointError {
        guard case .file(let error) = self else { return self }
        return .file(FileError(error.operation, path, code: error.code))
    }
}

/// Why an object in an HDF5 file is rejected.
package enum ObjectDefect: Equatable, Sendable {
    case softLink, externalLink, userDefinedLink
    /// Neither a group nor a dataset.
    case notAnArray
    /// A group whose links are not kept as Luthier's writer keeps them.
    case groupStorage
    case invalidName
    /// The same object under a second name, or a group inside itself.
    case linkedTwice
    case tooDeep(maximum: Int)
    case tooMany(maximum: Int)
    /// Data that is not one contiguous range of this file: "chunked", "compact", "virtual".
    case layout(String)
    case externalStorage
    case filters(Int)
    case elementType(String)
    case rank(found: Int, maximum: Int)
    case zeroSize(shape: [Int])
    case sizeOverflow(shape: [Int])
    case storageSize(expected: Int, found: Int)
    case outsideFile
}
