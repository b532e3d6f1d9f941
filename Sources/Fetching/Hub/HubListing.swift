// What the hub says of a repository: its commit, its licence, and its files.

import StrictJSON

package struct HubListing: Equatable {
    package let commit: String
    package let licence: String?
    package let files: [ModelFile]

    /// Reads the answer of `/api/models/OWNER/NAME/revision/REV?blobs=true`.
    ///
    /// - Returns: nil where it is not what the hub answers.
    package init?(_ bytes: [UInt8]) {
        guard let object = try? JSONText.parse(bytes).object, let siblings = object["siblings"]?.array,
            let commit = object["sha"]?.string, HubName.isFileName(commit)
        else { return nil }
        self.commit = commit
        licence = HubListing.licence(object)
        files = siblings.compactMap { sibling in
            guard let file = sibling.object, let name = file["rfilename"]?.string else { return nil }
            let stored = file["lfs"]?.object
            let hash = stored?["sha256"]?.string?.lowercased()
            return ModelFile(
                name: name, bytes: (file["size"]?.integer ?? stored?["size"]?.integer).flatMap { $0 >= 0 ? $0 : nil },
                sha256: hash.flatMap { HubListing.isHash($0) ? $0 : nil })
        }
    }

    private static func licence(_ object: JSONObject) -> String? {
        let card = object["cardData"]?.object
        if card?["license"]?.string == "other", let name = card?["license_name"]?.string { return name }
        if let own = card?["license"]?.string { return own }
        let prefix = "license:"
        return object["tags"]?.array?.lazy.compactMap(\.string).first { $0.hasPrefix(prefix) }
            .map { String($0.dropFirst(prefix.count)) }
    }

    static func isHash(_ text: String) -> Bool {
        text.utf8.count == 64 && text.allSatisfy { $0.isASCII && $0.isHexDigit }
    }
}
