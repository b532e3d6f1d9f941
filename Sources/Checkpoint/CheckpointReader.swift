// Reading a checkpoint: the list of arrays and texts, and their contents.

import CHDF5
import Files

/// An array in a checkpoint.
package struct ArrayInfo: Equatable, Sendable {
    /// The full name, `/model/h.0.attn.c_attn.weight`.
    package let name: String
    package let shape: [Int]
    package let elementType: ElementType

    package init(name: String, shape: [Int], elementType: ElementType) {
        self.name = name
        self.shape = shape
        self.elementType = elementType
    }

    package var count: Int { shape.reduce(1, *) }
}

/// A checkpoint opened for reading. Its complete structure is checked before `init` returns.
package final class CheckpointReader {
    package let path: String
    /// SHA-256 of everything after the user block, in hexadecimal; identifies the content.
    package let hash: String
    /// The file's size.
    package let byteCount: Int
    /// Sorted by name in each group, as HDF5 returns them.
    package let arrays: [ArrayInfo]
    /// The names of the texts.
    package let texts: [String]

    private let descriptor: FileDescriptor
    private let file: hid_t
    private let datasets: [String: HDF5Catalogue.Dataset]

    /// Opens the file at `path` once, verifies it (user block, length, hash), and checks every object in it. Where the
    /// program has a `CheckpointFence`, that looks at the file before HDF5 opens it here.
    package init(path: String) throws(CheckpointError) {
        let verified = try VerifiedFile(path: path)
        let (file, catalogue): (hid_t, [HDF5Catalogue.Dataset])
        do throws(CheckpointError) {
            try CheckpointFence.check(verified.descriptor)
            (file, catalogue) = try CheckpointReader.open(verified.descriptor, byteCount: verified.byteCount)
        } catch {
            verified.descriptor.close()
            throw error
        }
        self.path = path
        self.file = file
        descriptor = verified.descriptor
        hash = verified.hash
        byteCount = verified.byteCount
        datasets = Dictionary(catalogue.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        arrays = catalogue.compactMap { dataset in
            guard case .float(let type) = dataset.type else { return nil }
            return ArrayInfo(name: dataset.name, shape: dataset.shape, elementType: type)
        }
        texts = catalogue.filter { $0.type == .text }.map(\.name)
    }

    /// Checks every object of a file that is verified already; reads no array.
    ///
    /// - Returns: how many arrays and texts it has.
    package static func countObjects(in descriptor: FileDescriptor) throws(CheckpointError) -> Int {
        let status = try CheckpointError.wrapping(descriptor.status)
        let (file, catalogue) = try open(descriptor, byteCount: Int(status.st_size))
        H5Fclose(file)
        return catalogue.count
    }

    /// Opens a verified file, even if another one has replaced it since, and lists what it has.
    private static func open(
        _ descriptor: FileDescriptor, byteCount: Int
    ) throws(CheckpointError) -> (hid_t, [HDF5Catalogue.Dataset]) {
        let session = HDF5Session(path: descriptor.path)
        let file = H5Fopen("/dev/fd/\(descriptor.number)", luthier_h5_read_only(), luthier_h5_default())
        guard file >= 0 else { throw session.failure("opening the file") }
        do throws(CheckpointError) {
            return (file, try HDF5Catalogue.read(file, byteCount: byteCount, session))
        } catch {
            H5Fclose(file)
            throw error
        }
    }

    deinit {
        H5Fclose(file)
        descriptor.close()
    }

    /// Copies the array `name`, which must have this `shape`, into `destination`; float16 is converted to float32. NaN
    /// and infinite values are rejected unless allowed.
    package func read(
        _ name: String, shape: [Int], into destination: UnsafeMutableBufferPointer<Float>,
        allowingNonFinite: Bool = false
    ) throws(CheckpointError) {
        guard let dataset = datasets[name] else { throw .missing(path: path, name: name) }
        guard case .float(let elementType) = dataset.type else {
            throw .elementTypeDiffers(path: path, name: name, expected: "floats", found: dataset.type.description)
        }
        guard dataset.shape == shape else {
            throw .shapeDiffers(path: path, name: name, expected: shape, found: dataset.shape)
        }
        precondition(
            destination.count == dataset.count, "\(name) has \(dataset.count) values, its memory \(destination.count)")
        switch elementType {
        case .float32: try readBytes(of: dataset, into: UnsafeMutableRawBufferPointer(destination))
        case .float16:
            // Read the float16 values into the second half of the memory, then convert from the front, in place.
            let bytes = UnsafeMutableRawBufferPointer(destination)
            let half = bytes.count / 2
            try readBytes(of: dataset, into: UnsafeMutableRawBufferPointer(rebasing: bytes[half...]))
            for index in 0..<dataset.count {
                let bits = UInt16(littleEndian: bytes.load(fromByteOffset: half + 2 * index, as: UInt16.self))
                bytes.storeBytes(of: Float(Float16(bitPattern: bits)), toByteOffset: 4 * index, as: Float.self)
            }
        }
        if !allowingNonFinite, let index = Finiteness.firstNonFinite(in: UnsafeBufferPointer(destination)) {
            throw .nonFinite(path: path, name: name, index: index, value: destination[index])
        }
    }

    /// The bytes of the text `name`, at most `maximumBytes`.
    package func text(_ name: String, maximumBytes: Int = 64 << 20) throws(CheckpointError) -> [UInt8] {
        guard let dataset = datasets[name] else { throw .missing(path: path, name: name) }
        guard dataset.type == .text else {
            throw .elementTypeDiffers(path: path, name: name, expected: "bytes", found: dataset.type.description)
        }
        guard dataset.count <= maximumBytes else {
            throw .textTooLong(path: path, name: name, found: dataset.count, maximum: maximumBytes)
        }
        var bytes = [UInt8](repeating: 0, count: dataset.count)
        let result: Result<Void, CheckpointError> = bytes.withUnsafeMutableBytes { buffer in
            do throws(CheckpointError) {
                return .success(try readBytes(of: dataset, into: buffer))
            } catch {
                return .failure(error)
            }
        }
        try result.get()
        return bytes
    }

    private func readBytes(
        of dataset: HDF5Catalogue.Dataset, into memory: UnsafeMutableRawBufferPointer
    ) throws(CheckpointError) {
        // A new session, because this thread may not be the one that opened the file.
        let session = HDF5Session(path: path)
        let set = H5Dopen2(file, dataset.name, luthier_h5_default())
        try session.with("opening \(dataset.name)", set, close: H5Dclose) { set throws(CheckpointError) in
            try dataset.type.withType(session) { type throws(CheckpointError) in
                // Same type in memory and in the file: no conversion.
                let status = H5Dread(set, type, 0, 0, luthier_h5_default(), memory.baseAddress)
                try session.checked("reading \(dataset.name)", status)
            }
        }
    }
}
