// Lists the datasets of an HDF5 file and rejects everything that Luthier does not write.

import CHDF5

/// The list of a checkpoint's datasets.
///
/// A correct hash does not make an untrusted file harmless: HDF5 files can refer to other files or claim more data than
/// they contain. So only what the writer creates is accepted: hard links, plain names, groups a few levels deep, and
/// contiguous datasets of three types whose size on disk matches their shape.
struct HDF5Catalogue {
    struct Dataset {
        let name: String
        let shape: [Int]
        let type: StoredType

        var count: Int { shape.reduce(1, *) }
    }

    static let maximumObjects = 1 << 14

    private let session: HDF5Session
    /// The file's size, including the user block.
    private let byteCount: Int
    private var addresses: Set<haddr_t> = []
    private var datasets: [Dataset] = []

    static func read(
        _ file: hid_t, byteCount: Int, _ session: HDF5Session
    ) throws(CheckpointError) -> [Dataset] {
        var catalogue = HDF5Catalogue(session: session, byteCount: byteCount)
        let root = H5Gopen2(file, "/", luthier_h5_default())
        try session.with("opening the root", root, close: H5Gclose) { root throws(CheckpointError) in
            var address: haddr_t = 0
            var links: UInt32 = 0
            try session.checked("examining the root", luthier_h5_object(root, &address, &links))
            catalogue.addresses.insert(address)
            try catalogue.walk(root, name: "", depth: 0)
        }
        return catalogue.datasets
    }

    private init(session: HDF5Session, byteCount: Int) {
        self.session = session
        self.byteCount = byteCount
    }

    private func refuse(_ name: String, _ defect: ObjectDefect) -> CheckpointError {
        .forbiddenObject(path: session.path, name: name, defect: defect)
    }

    private mutating func walk(_ group: hid_t, name: String, depth: Int) throws(CheckpointError) {
        var information = H5G_info_t()
        try session.checked("examining \(name)/", H5Gget_info(group, &information))
        // Damaged lists of links in an object's header make libhdf5 1.10 free memory that it never allocated.
        guard information.storage_type == H5G_STORAGE_TYPE_SYMBOL_TABLE else {
            throw refuse(name.isEmpty ? "/" : name, .groupStorage)
        }
        let limit = hsize_t(max(0, HDF5Catalogue.maximumObjects - addresses.count))
        guard information.nlinks <= limit else {
            throw refuse(name.isEmpty ? "/" : name, .tooMany(maximum: HDF5Catalogue.maximumObjects))
        }
        for index in 0..<information.nlinks {
            let child = "\(name)/\(try linkName(group, index, parent: name))"
            // Check the link's kind first: opening other kinds could access other files.
            switch H5L_type_t(try session.checked("examining \(child)", luthier_h5_link_kind(group, index))) {
            case H5L_TYPE_HARD: break
            case H5L_TYPE_SOFT: throw refuse(child, .softLink)
            case H5L_TYPE_EXTERNAL: throw refuse(child, .externalLink)
            default: throw refuse(child, .userDefinedLink)
            }
            let object = H5Oopen_by_idx(
                group, ".", H5_INDEX_NAME, H5_ITER_INC, index, luthier_h5_default())
            try session.with("opening \(child)", object, close: H5Oclose) { object throws(CheckpointError) in
                try visit(object, name: child, depth: depth)
            }
        }
    }

    /// The name of link `index`, checked for allowed characters.
    private func linkName(_ group: hid_t, _ index: hsize_t, parent: String) throws(CheckpointError) -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        let length = H5Lget_name_by_idx(
            group, ".", H5_INDEX_NAME, H5_ITER_INC, index, &buffer, buffer.count, luthier_h5_default())
        try session.checked("reading a name in \(parent)/", length)
        let bytes = buffer.prefix(min(length, buffer.count - 1)).map { UInt8(bitPattern: $0) }
        let name = String(decoding: bytes, as: UTF8.self)
        guard length < buffer.count, ObjectName.isValidPart(name) else {
            let printable = String(
                bytes.prefix(64).map { (0x20...0x7e).contains($0) ? Character(UnicodeScalar($0)) : "?" })
            throw refuse("\(parent)/\(printable)", .invalidName)
        }
        return name
    }

    private mutating func visit(_ object: hid_t, name: String, depth: Int) throws(CheckpointError) {
        var address: haddr_t = 0
        var links: UInt32 = 0
        let kind = try session.checked("examining \(name)", luthier_h5_object(object, &address, &links))
        guard addresses.insert(address).inserted, links == 1 else { throw refuse(name, .linkedTwice) }
        guard addresses.count <= HDF5Catalogue.maximumObjects else {
            throw refuse(name, .tooMany(maximum: HDF5Catalogue.maximumObjects))
        }
        switch H5O_type_t(kind) {
        case H5O_TYPE_GROUP:
            guard depth < ObjectName.maximumDepth else {
                throw refuse(name, .tooDeep(maximum: ObjectName.maximumDepth))
            }
            try walk(object, name: name, depth: depth + 1)
        case H5O_TYPE_DATASET: datasets.append(try dataset(object, name: name))
        default: throw refuse(name, .notAnArray)
        }
    }

    private func dataset(_ set: hid_t, name: String) throws(CheckpointError) -> Dataset {
        // Check before reading the shape: for a virtual dataset that opens its source files.
        try checkStorage(set, name: name)
        let type = try storedType(set, name: name)
        let shape = try shape(set, name: name)
        guard !shape.contains(0) else { throw refuse(name, .zeroSize(shape: shape)) }
        guard let expected = ObjectName.product(shape, times: type.byteCount) else {
            throw refuse(name, .sizeOverflow(shape: shape))
        }
        let found = H5Dget_storage_size(set)
        guard found == hsize_t(expected) else {
            throw refuse(name, .storageSize(expected: expected, found: Int(clamping: found)))
        }
        let (end, overflow) = H5Dget_offset(set).addingReportingOverflow(haddr_t(expected))
        guard !overflow, end <= haddr_t(byteCount) else { throw refuse(name, .outsideFile) }
        return Dataset(name: name, shape: shape, type: type)
    }

    private func checkStorage(_ set: hid_t, name: String) throws(CheckpointError) {
        let list = H5Dget_create_plist(set)
        try session.with("examining \(name)'s storage", list, close: H5Pclose) { list throws(CheckpointError) in
            switch H5Pget_layout(list) {
            case H5D_CONTIGUOUS: break
            case H5D_CHUNKED: throw refuse(name, .layout("chunked"))
            case H5D_COMPACT: throw refuse(name, .layout("compact"))
            case H5D_VIRTUAL: throw refuse(name, .layout("virtual"))
            default: throw refuse(name, .layout("in an unknown way"))
            }
            let files = try session.checked("counting \(name)'s files", H5Pget_external_count(list))
            guard files == 0 else { throw refuse(name, .externalStorage) }
            let filters = try session.checked("counting \(name)'s filters", H5Pget_nfilters(list))
            guard filters == 0 else { throw refuse(name, .filters(Int(filters))) }
        }
    }

    private func storedType(_ set: hid_t, name: String) throws(CheckpointError) -> StoredType {
        let type = H5Dget_type(set)
        return try session.with("examining \(name)'s type", type, close: H5Tclose) { type throws(CheckpointError) in
            for candidate in StoredType.all {
                let status = try candidate.withType(session) { H5Tequal(type, $0) }
                if try session.checked("comparing \(name)'s type", status) > 0 { return candidate }
            }
            throw refuse(name, .elementType(describe(type)))
        }
    }

    private func describe(_ type: hid_t) -> String {
        let bits = 8 * H5Tget_size(type)
        let order = H5Tget_order(type) == H5T_ORDER_BE ? " big-endian" : ""
        return switch H5Tget_class(type) {
        case H5T_FLOAT: "\(bits)-bit\(order) floats"
        case H5T_INTEGER: "\(bits)-bit\(order) integers"
        case H5T_STRING: "strings"
        case H5T_COMPOUND: "compounds"
        case H5T_VLEN: "sequences of varying length"
        case H5T_REFERENCE: "references"
        default: "elements of an unknown type"
        }
    }

    private func shape(_ set: hid_t, name: String) throws(CheckpointError) -> [Int] {
        let space = H5Dget_space(set)
        return try session.with("examining \(name)'s shape", space, close: H5Sclose) { space throws(CheckpointError) in
            let rank = Int(try session.checked("counting dimensions of \(name)", H5Sget_simple_extent_ndims(space)))
            guard (1...ObjectName.maximumRank).contains(rank) else {
                throw refuse(name, .rank(found: rank, maximum: ObjectName.maximumRank))
            }
            var sizes = [hsize_t](repeating: 0, count: rank)
            try session.checked("reading \(name)'s shape", H5Sget_simple_extent_dims(space, &sizes, nil))
            return sizes.map { Int(clamping: $0) }
        }
    }
}
