// Feeds the reader of checkpoint files with HDF5 that the fuzzer thinks of, its hash made right.

import Checkpoint

private let folder = FuzzFolder()

/// Called by libFuzzer with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    // What begins as a user block is taken as it is; everything else gets one.
    let isComplete = bytes.starts(with: "LUTHIER\0".utf8)
    let file = isComplete ? bytes : sealed(bytes)
    folder.replace(["file.h5"], with: [file[...]])
    do throws(CheckpointError) {
        try read(folder.path + "/file.h5", ofBytes: file.count)
    } catch {
        require(!error.description.isEmpty, "no sentence")
    }
    return 0
}

/// The bytes with the user block that belongs to them.
private func sealed(_ bytes: [UInt8]) -> [UInt8] {
    var digest = SHA256Digest()
    bytes.withUnsafeBytes { digest.update($0) }
    return UserBlock(length: bytes.count, hash: digest.finish()).encoded() + bytes
}

/// Reads everything that the file says it has.
private func read(_ path: String, ofBytes count: Int) throws(CheckpointError) {
    let reader = try CheckpointReader(path: path)
    require(reader.byteCount == count && reader.hash.count == 64, "\(reader.byteCount) bytes of \(count)")
    for array in reader.arrays {
        // What is said to be there must be there, so that nothing large is ever allocated.
        require(array.count > 0 && array.count <= count, "\(array.name) has \(array.count) values in \(count) bytes")
        var values = [Float](repeating: 0, count: array.count)
        try values.withUnsafeMutableBufferPointer { (memory) throws(CheckpointError) in
            try reader.read(array.name, shape: array.shape, into: memory, allowingNonFinite: true)
        }
        for shape in [array.shape + [1], array.shape] {
            do throws(CheckpointError) {
                try values.withUnsafeMutableBufferPointer { (memory) throws(CheckpointError) in
                    try reader.read(array.name, shape: shape, into: memory)
                }
            } catch {
                require(!error.description.isEmpty, "no sentence")
            }
        }
    }
    for name in reader.texts + ["/other"] + reader.arrays.map(\.name) {
        do throws(CheckpointError) { _ = try reader.text(name, maximumBytes: 64) } catch {
            require(!error.description.isEmpty, "no sentence")
        }
    }
}
