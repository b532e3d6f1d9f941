// A model's folder in the cache, or in Hugging Face's.

import Checkpoint
import Files
import Foundation

package struct CachedModel: Sendable, Equatable {
    package var name: String
    package let folder: String
    package var record: ModelRecord?
    /// What is missing; nil where nothing is.
    package var defect: String?

    /// The path that opens it: the folder, or its only GGUF file.
    package var path: String { CachedModel.path(of: folder) }

    static func path(of folder: String) -> String {
        let files = CachedModel.names(in: folder)
        let models = files.filter { $0.hasSuffix(".gguf") }
        return models.count == 1 && !files.contains("config.json") ? folder + "/" + models[0] : folder
    }

    package var isComplete: Bool { defect == nil }

    /// Bytes of all its files.
    package var bytes: Int {
        CachedModel.names(in: folder).filter { $0 != ModelRecord.fileName }
            .reduce(0) { $0 + (CachedModel.size(folder + "/" + $1) ?? 0) }
    }

    /// Looks into a folder: the sizes of its files must be those of its record. Without a record, people have put files
    /// there themselves, and there must be a model among them. nil where there is no folder.
    init?(name: String, folder: String) {
        guard CachedModel.isFolder(folder) else { return nil }
        (self.name, self.folder) = (name, folder)
        record = ModelRecord(folder: folder)
        defect =
            if let files = record?.files {
                files.lazy.compactMap { CachedModel.defect(of: $0, in: folder) }.first
            } else {
                CachedModel.holdsModel(folder) ? nil : "there is no complete model in it"
            }
    }

    private static func defect(of file: ModelFile, in folder: String) -> String? {
        guard let size = size(folder + "/" + file.name) else { return "\(file.name) is missing" }
        return file.bytes ?? size == size ? nil : "\(file.name) has \(size) bytes instead of \(file.bytes ?? size)"
    }

    /// Whether a folder without a record has the files of a model, all shards included.
    static func holdsModel(_ folder: String) -> Bool {
        let files = Set(names(in: folder).filter { size(folder + "/" + $0) != nil })
        if files.contains(where: { $0.hasSuffix(".gguf") }) { return true }
        if files.contains("adapter_config.json"), files.contains("adapter_model.safetensors") { return true }
        guard files.contains("config.json") else { return false }
        if files.contains("model.safetensors") { return true }
        let shards = files.compactMap(Shard.init)
        return shards.first.map { shards.count == $0.count } ?? false
    }

    /// Reads all files and compares their hashes with the record.
    ///
    /// - Parameter read: called with the number of bytes that were read, from time to time.
    /// - Returns: the first file that differs, or nil.
    func differingFile(read: (Int) -> Void) throws(FileError) -> String? {
        for file in record?.files ?? [] {
            guard CachedModel.defect(of: file, in: folder) == nil else { return file.name }
            guard let expected = file.sha256 else { continue }
            let found = try SHA256Digest.hex(ofFile: folder + "/" + file.name)
            read(file.bytes ?? 0)
            if found != expected { return file.name }
        }
        return nil
    }

    static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }

    static func names(in folder: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
    }

    /// Bytes of the file that a path or a link leads to; nil where it leads to none.
    static func size(_ path: String) -> Int? {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int(status.st_size)
    }
}

/// A name such as `model-00001-of-00003.safetensors`.
struct Shard {
    let count: Int

    init?(_ name: String) {
        guard name.hasPrefix("model-"), name.hasSuffix(".safetensors") else { return nil }
        let parts = name.dropFirst(6).dropLast(12).split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[1] == "of", parts[0].count == 5, parts[2].count == 5,
            let number = Int(parts[0]), let count = Int(parts[2]), (1...count).contains(number)
        else { return nil }
        self.count = count
    }
}
