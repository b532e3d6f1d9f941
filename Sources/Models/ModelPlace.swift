// Which files a model's name means at this moment, and whether they are still the same.

import Foundation

/// The file or folder that opening a model would read, and what the system says of it. Changes when the files change: two
/// equal places hold the same model.
struct ModelPlace: Hashable, Sendable {
    let path: String
    private let stamp: [String]

    /// - Parameter name: a path, or the name of a fetched model.
    init(_ name: String) throws {
        let location = try ModelLocation(name)
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: location.path, isDirectory: &isFolder) else {
            throw ModelError.notFound(path: location.path)
        }
        let found = try isFolder.boolValue ? ModelSource.run(at: location.path)?.best() ?? location.path : location.path
        path = URL(fileURLWithPath: found).resolvingSymlinksInPath().path
        stamp = ModelPlace.stamps(path)
    }

    /// Of a file, or of all files in a folder.
    private static func stamps(_ path: String) -> [String] {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else { return [stamp(path)] }
        return names.sorted().map { name in
            name + " " + stamp(URL(fileURLWithPath: path + "/" + name).resolvingSymlinksInPath().path)
        }
    }

    private static func stamp(_ file: String) -> String {
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: file) else { return "" }
        let date = (attributes[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
        return "\(attributes[.systemFileNumber] ?? 0) \(attributes[.size] ?? 0) \(date)"
    }
}
