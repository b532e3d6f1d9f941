// Valid HDF5 files with content that Luthier never writes: each is rejected, with the defect named.

import CHDF5
import Checkpoint
import Foundation
import Testing

@Suite struct HostileFileTests {
    /// One way to create a bad file: `make` adds objects in the group `/model` of an open file in `folder`.
    struct Attack: Sendable, CustomTestStringConvertible {
        let name: String
        let object: String
        let defect: ObjectDefect
        let make: @Sendable (_ file: hid_t, _ folder: String) -> Void
        var testDescription: String { name }

        init(
            _ name: String, at object: String = "/model/w", _ defect: ObjectDefect,
            _ make: @escaping @Sendable (_ file: hid_t, _ folder: String) -> Void
        ) {
            self.name = name
            self.object = object
            self.defect = defect
            self.make = make
        }
    }

    static let attacks: [Attack] = [
        Attack("external storage", .externalStorage) { file, folder in
            // Otherwise the bytes of any file that the reader can read would be returned as weights.
            try? put([UInt8](repeating: 1, count: 64), at: "\(folder)/secret")
            dataset(file, shape: [4]) { H5Pset_external($0, "\(folder)/secret", 0, 16) }
        },
        Attack("soft link", at: "/model/v", .softLink) { file, _ in
            dataset(file, shape: [4])
            #expect(H5Lcreate_soft("/model/w", file, "/model/v", 0, 0) >= 0)
        },
        // HDF5 keeps it in a list that Luthier's groups do not have.
        Attack("external link", at: "/model", .groupStorage) { file, folder in
            #expect(H5Lcreate_external("\(folder)/other.h5", "/x", file, "/model/v", 0, 0) >= 0)
        },
        Attack("links in the group's header", at: "/model/g", .groupStorage) { file, _ in
            let list = H5Pcreate(luthier_h5_group_creation_class())
            H5Pset_link_creation_order(list, UInt32(H5P_CRT_ORDER_TRACKED))
            H5Gclose(H5Gcreate2(file, "/model/g", 0, list, 0))
            H5Pclose(list)
        },
        Attack("second name", at: "/model/v", .linkedTwice) { file, _ in
            dataset(file, shape: [4])
            #expect(H5Lcreate_hard(file, "/model/w", file, "/model/v", 0, 0) >= 0)
        },
        Attack("a group inside itself", at: "/model", .linkedTwice) { file, _ in
            #expect(H5Lcreate_hard(file, "/model", file, "/model/loop", 0, 0) >= 0)
        },
        Attack("the root inside itself", at: "/model/loop", .linkedTwice) { file, _ in
            #expect(H5Lcreate_hard(file, "/", file, "/model/loop", 0, 0) >= 0)
        },
        Attack("2^51 elements in chunks", .layout("chunked")) { file, _ in
            dataset(file, shape: [1 << 51]) { list in
                var chunk: hsize_t = 1024
                return H5Pset_chunk(list, 1, &chunk)
            }
        },
        Attack("a filter", .layout("chunked")) { file, _ in
            dataset(file, shape: [1024]) { list in
                var chunk: hsize_t = 1024
                H5Pset_chunk(list, 1, &chunk)
                return H5Pset_deflate(list, 9)
            }
        },
        Attack("compact", .layout("compact")) { file, _ in
            dataset(file, shape: [4]) { H5Pset_layout($0, H5D_COMPACT) }
        },
        Attack("virtual", .layout("virtual")) { file, folder in
            var size: hsize_t = 4
            let space = H5Screate_simple(1, &size, nil)
            dataset(file, shape: [4]) { H5Pset_virtual($0, space, "\(folder)/other.h5", "/x", space) }
            H5Sclose(space)
        },
        Attack("nothing stored", .storageSize(expected: 1 << 42, found: 0)) { file, _ in
            dataset(file, shape: [1 << 40])
        },
        Attack("too large for memory", .sizeOverflow(shape: [1 << 61])) { file, _ in dataset(file, shape: [1 << 61]) },
        Attack("empty", .zeroSize(shape: [0, 3])) { file, _ in dataset(file, shape: [0, 3]) },
        Attack("a scalar", .rank(found: 0, maximum: 8)) { file, _ in dataset(file, shape: []) },
        Attack("nine dimensions", .rank(found: 9, maximum: 8)) { file, _ in
            dataset(file, shape: [1, 1, 1, 1, 1, 1, 1, 1, 1])
        },
        Attack("float64", .elementType("64-bit floats")) { file, _ in
            dataset(file, shape: [4], type: luthier_h5_float64())
        },
        Attack("big-endian", .elementType("32-bit big-endian floats")) { file, _ in
            dataset(file, shape: [4], type: luthier_h5_float32_big_endian())
        },
        Attack("compound", .elementType("compounds")) { file, _ in
            let type = H5Tcreate(H5T_COMPOUND, 4)
            H5Tinsert(type, "real", 0, luthier_h5_float32())
            dataset(file, shape: [4], type: type)
            H5Tclose(type)
        },
        Attack("varying length", .elementType("sequences of varying length")) { file, _ in
            let type = H5Tvlen_create(luthier_h5_float32())
            dataset(file, shape: [4], type: type)
            H5Tclose(type)
        },
        Attack("an odd float", .elementType("32-bit floats")) { file, _ in
            let type = H5Tcopy(luthier_h5_float32())
            H5Tset_ebias(type, 126)
            dataset(file, shape: [4], type: type)
            H5Tclose(type)
        },
        Attack("a named type", at: "/model/t", .notAnArray) { file, _ in
            let type = H5Tcopy(luthier_h5_float32())
            #expect(H5Tcommit2(file, "/model/t", type, 0, 0, 0) >= 0)
            H5Tclose(type)
        },
        Attack("a name with a space", at: "/model/a b", .invalidName) { file, _ in
            dataset(file, name: "/model/a b", shape: [4])
        },
        Attack("a name with an escape sequence", at: "/model/?[2J", .invalidName) { file, _ in
            dataset(file, name: "/model/\u{1b}[2J", shape: [4])
        },
        Attack(
            "a long name", at: "/model/" + String(repeating: "n", count: 64), .invalidName
        ) { file, _ in
            dataset(file, name: "/model/" + String(repeating: "n", count: 300), shape: [4])
        },
        Attack("deep groups", at: "/model/a/b/c/d", .tooDeep(maximum: 4)) { file, _ in
            for name in ["/model/a", "/model/a/b", "/model/a/b/c", "/model/a/b/c/d", "/model/a/b/c/d/e"] {
                H5Gclose(H5Gcreate2(file, name, 0, 0, 0))
            }
        },
        Attack("too many objects", at: "/model", .tooMany(maximum: 16384)) { file, _ in
            for index in 0..<16_383 { H5Gclose(H5Gcreate2(file, "/model/\(index)", 0, 0, 0)) }
        },
        Attack("too many objects in two groups", at: "/model/z", .tooMany(maximum: 16384)) { file, _ in
            // Each group alone is allowed: 1 root, 1 /model, 16 381 inside it, 2 inside the first of those.
            for index in 0..<16_380 { H5Gclose(H5Gcreate2(file, "/model/\(index)", 0, 0, 0)) }
            for name in ["/model/0/a", "/model/0/b", "/model/z"] { H5Gclose(H5Gcreate2(file, name, 0, 0, 0)) }
        },
    ]

    @Test(arguments: attacks) func isRefused(_ attack: Attack) throws {
        try withFolder { folder in
            let path = "\(folder)/bad.h5"
            HostileFileTests.make(path) { attack.make($0, folder) }
            try CheckpointFile.seal(path)
            #expect(throws: CheckpointError.forbiddenObject(path: path, name: attack.object, defect: attack.defect)) {
                try CheckpointReader(path: path)
            }
        }
    }

    /// Without a bad object, the same code creates an accepted file: so each rejection has the intended reason.
    @Test func aGoodFileMadeTheSameWayIsAccepted() throws {
        try withFolder { folder in
            let path = "\(folder)/good.h5"
            HostileFileTests.make(path) { file in
                HostileFileTests.dataset(file, shape: [2, 2], values: [1, 2, 3, 4])
            }
            try CheckpointFile.seal(path)
            #expect(try CheckpointReader(path: path).values("/model/w", shape: [2, 2]) == [1, 2, 3, 4])
        }
    }

    @Test func nonFiniteValuesAreRefusedUnlessAllowed() throws {
        try withFolder { folder in
            let path = "\(folder)/nan.h5"
            HostileFileTests.make(path) { file in
                HostileFileTests.dataset(file, shape: [4], values: [1, 2, -.infinity, .nan])
            }
            try CheckpointFile.seal(path)
            let reader = try CheckpointReader(path: path)
            let error = CheckpointError.nonFinite(path: path, name: "/model/w", index: 2, value: -.infinity)
            #expect(throws: error) { try reader.values("/model/w", shape: [4]) }
            #expect(try reader.values("/model/w", shape: [4], allowingNonFinite: true)[2] == -.infinity)
        }
    }

    /// Whichever byte of a small file's tables is wrong, the reader returns, and never with more data than the file has.
    /// Runs in a separate process, because HDF5 itself might crash.
    @Test func tablesWithAnyByteWrongDoNotHarmTheReader() async throws {
        await #expect(processExitsWith: .success) {
            try withFolder { folder in
                let path = "\(folder)/a.h5"
                HostileFileTests.make(path) { file in HostileFileTests.dataset(file, shape: [4], values: [1, 2, 3, 4]) }
                let original = try bytes(of: path)
                for index in stride(from: 520, to: original.count, by: 7) {
                    var changed = original
                    changed[index] ^= 0x41
                    try put(changed, at: path)
                    try CheckpointFile.seal(path)
                    guard let reader = try? CheckpointReader(path: path) else { continue }
                    for array in reader.arrays {
                        #expect(array.count * 4 <= original.count)
                        _ = try? reader.values(array.name, shape: array.shape, allowingNonFinite: true)
                    }
                }
            }
        }
    }

    /// Creates an HDF5 file with space for the user block and a group `/model`, and calls `body` to add to it.
    private static func make(_ path: String, _ body: (hid_t) -> Void) {
        // As in HDF5Session: HDF5 reads this once, so it must be set before the first file is created.
        setenv("HDF5_USE_FILE_LOCKING", "FALSE", 1)
        H5dont_atexit()
        H5Eset_auto2(0, nil, nil)
        let creation = H5Pcreate(luthier_h5_file_creation_class())
        H5Pset_userblock(creation, 512)
        let file = H5Fcreate(path, luthier_h5_truncate(), creation, luthier_h5_default())
        #expect(file >= 0)
        H5Gclose(H5Gcreate2(file, "/model", 0, 0, 0))
        body(file)
        H5Pclose(creation)
        #expect(H5Fclose(file) >= 0)
    }

    /// Adds a dataset with a creation list changed by `configure`.
    private static func dataset(
        _ file: hid_t, name: String = "/model/w", shape: [hsize_t], type: hid_t = luthier_h5_float32(),
        values: [Float] = [], configure: (hid_t) -> herr_t = { _ in 0 }
    ) {
        let list = H5Pcreate(luthier_h5_dataset_creation_class())
        #expect(configure(list) >= 0)
        let space = shape.isEmpty ? H5Screate(H5S_SCALAR) : H5Screate_simple(Int32(shape.count), shape, nil)
        let set = H5Dcreate2(file, name, type, space, 0, list, 0)
        #expect(set >= 0)
        if !values.isEmpty { #expect(H5Dwrite(set, type, 0, 0, 0, values) >= 0) }
        H5Dclose(set)
        H5Sclose(space)
        H5Pclose(list)
    }
}
