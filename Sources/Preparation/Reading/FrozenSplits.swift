// Checks whether written splits still match the record next to them.

import Checkpoint
import Datasets
import Foundation
import StrictJSON

/// `splits.lock` in the folders of the inputs.
enum FrozenSplits {
    static let fileName = "splits.lock"

    /// A finding for each file that does not match the record in its folder.
    static func changes(_ files: [InputFile]) -> FindingLedger {
        var findings = FindingLedger()
        var known: [String: [String: String]] = [:]
        for (number, file) in files.enumerated() {
            let folder = (file.path as NSString).deletingLastPathComponent
            if known[folder] == nil { known[folder] = hashes(in: folder) }
            guard let wanted = known[folder]?[(file.path as NSString).lastPathComponent],
                let found = try? SHA256Digest.hex(ofFile: file.path), found != wanted
            else { continue }
            findings.add(
                "changed-split",
                Finding(
                    file: number, line: 1, column: 1,
                    message: "SHA-256 \(found.prefix(16))…, where \(fileName) has \(wanted.prefix(16))…"))
        }
        return findings
    }

    /// The hash of each file in a folder's record.
    private static func hashes(in folder: String) -> [String: String] {
        let path = folder.isEmpty ? fileName : "\(folder)/\(fileName)"
        guard let data = FileManager.default.contents(atPath: path),
            let splits = try? JSONText.parse([UInt8](data)).object?["splits"]?.object
        else { return [:] }
        return splits.members.reduce(into: [:]) { hashes, member in
            hashes["\(member.key).jsonl"] = member.value.object?["sha256"]?.string
        }
    }
}
