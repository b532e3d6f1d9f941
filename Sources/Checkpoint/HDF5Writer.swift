// Creates an HDF5 file with space for arrays and texts; equal content gives equal bytes.

import CHDF5

/// Lays out the HDF5 part of a checkpoint.
struct HDF5Writer {
    private let session: HDF5Session

    /// Lays out the file at `temporaryPath`, with space for the user block. Calls `prepare` after HDF5 has created the
    /// empty file. Returns the offset in the file of each payload's data. `path` is the name for errors.
    static func layOut(
        _ payloads: [Payload], to temporaryPath: String, path: String, prepare: () throws(CheckpointError) -> Void
    ) throws(CheckpointError) -> [Int] {
        let writer = HDF5Writer(session: HDF5Session(path: path))
        return try writer.withFile(temporaryPath) { file throws(CheckpointError) in
            try prepare()
            var groups: Set<String> = []
            var offsets: [Int] = []
            for payload in payloads {
                try writer.createGroups(around: payload.name, in: file, &groups)
                offsets.append(try writer.place(payload, in: file))
            }
            return offsets
        }
    }

    private func withFile(
        _ temporaryPath: String, _ body: (hid_t) throws(CheckpointError) -> [Int]
    ) throws(CheckpointError) -> [Int] {
        let creation = H5Pcreate(luthier_h5_file_creation_class())
        return try session.with("preparing the file", creation, close: H5Pclose) { creation throws(CheckpointError) in
            try session.checked("setting the user block", H5Pset_userblock(creation, hsize_t(UserBlock.byteCount)))
            try session.checked("setting times off", H5Pset_obj_track_times(creation, false))
            let access = H5Pcreate(luthier_h5_file_access_class())
            return try session.with("preparing access", access, close: H5Pclose) { access throws(CheckpointError) in
                // Use the oldest suitable format: the newest marks a file as open while it is written, and readers
                // reject a file that was not closed.
                let status = H5Pset_libver_bounds(access, H5F_LIBVER_EARLIEST, H5F_LIBVER_V18)
                try session.checked("setting the format", status)
                try session.checked("setting closing", H5Pset_fclose_degree(access, H5F_CLOSE_STRONG))
                let file = H5Fcreate(temporaryPath, luthier_h5_truncate(), creation, access)
                return try session.with("creating the file", file, close: H5Fclose, body)
            }
        }
    }

    /// Creates the groups of `name` that are not in `existing` yet.
    private func createGroups(
        around name: String, in file: hid_t, _ existing: inout Set<String>
    ) throws(CheckpointError) {
        var group = ""
        for part in name.split(separator: "/").dropLast() {
            group += "/" + part
            guard existing.insert(group).inserted else { continue }
            let path = group
            let creation = H5Pcreate(luthier_h5_group_creation_class())
            try session.with("preparing a group", creation, close: H5Pclose) { creation throws(CheckpointError) in
                try session.checked("setting times off", H5Pset_obj_track_times(creation, false))
                let handle = H5Gcreate2(file, path, luthier_h5_default(), creation, luthier_h5_default())
                try session.with("creating \(path)", handle, close: H5Gclose) { _ throws(CheckpointError) in }
            }
        }
    }

    /// Allocates contiguous space for one array. Returns the offset of its data.
    private func place(_ payload: Payload, in file: hid_t) throws(CheckpointError) -> Int {
        let name = payload.name
        let dimensions = payload.shape.map { hsize_t($0) }
        let space = H5Screate_simple(Int32(dimensions.count), dimensions, nil)
        return try session.with("making \(name)'s shape", space, close: H5Sclose) { space throws(CheckpointError) in
            try payload.type.withType(session) { type throws(CheckpointError) in
                try withCreationList { creation throws(CheckpointError) in
                    let set = H5Dcreate2(
                        file, name, type, space, luthier_h5_default(), creation, luthier_h5_default())
                    return try session.with("creating \(name)", set, close: H5Dclose) { set throws(CheckpointError) in
                        let offset = H5Dget_offset(set)
                        guard offset != luthier_h5_undefined_address() else { throw session.failure("placing \(name)") }
                        return Int(offset)
                    }
                }
            }
        }
    }

    private func withCreationList(
        _ body: (hid_t) throws(CheckpointError) -> Int
    ) throws(CheckpointError) -> Int {
        let list = H5Pcreate(luthier_h5_dataset_creation_class())
        return try session.with("preparing an array", list, close: H5Pclose) { list throws(CheckpointError) in
            try session.checked("setting times off", H5Pset_obj_track_times(list, false))
            try session.checked("setting the layout", H5Pset_layout(list, H5D_CONTIGUOUS))
            // Every byte is written later, so filling first would double the work.
            try session.checked("setting room aside", H5Pset_alloc_time(list, H5D_ALLOC_TIME_EARLY))
            try session.checked("setting filling off", H5Pset_fill_time(list, H5D_FILL_TIME_NEVER))
            return try body(list)
        }
    }
}
