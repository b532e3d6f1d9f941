// Where the hub is, who asks, and whether the network may be used: Hugging Face's own variables.

import Foundation

package struct HubSettings: Sendable {
    /// The only place that names the hub's host.
    static let defaultEndpoint = "https://huggingface.co"

    /// Without a slash at its end.
    let endpoint: String
    let token: String?
    /// The variable that forbids the network; nil where none does.
    let offlineVariable: String?
    /// The folder in which Hugging Face's libraries keep models.
    let cacheFolder: String

    /// Reads `HF_ENDPOINT`, `HF_TOKEN`, `HF_HUB_OFFLINE`, `TRANSFORMERS_OFFLINE`, `HF_HUB_CACHE` and `HF_HOME`
    /// (huggingface_hub, "Environment variables").
    init(_ environment: FetchEnvironment) throws(FetchError) {
        var text = environment["HF_ENDPOINT"] ?? HubSettings.defaultEndpoint
        while text.hasSuffix("/") { text.removeLast() }
        let isPlain = text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
        guard text.hasPrefix("https://") || text.hasPrefix("http://"), isPlain, !text.contains("@") else {
            throw .badEndpoint(text)
        }
        endpoint = text
        // One line of plain characters: it becomes a header.
        let given = environment["HF_TOKEN"]?.filter { $0.isASCII && !$0.isWhitespace }
        token = given?.isEmpty == true ? nil : given
        offlineVariable = environment.firstSet(["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"])
        cacheFolder = HubSettings.cacheFolder(environment)
    }

    static func cacheFolder(_ environment: FetchEnvironment) -> String {
        if let folder = environment["HF_HUB_CACHE"] { return environment.expanded(folder) }
        if let home = environment["HF_HOME"] { return environment.expanded(home) + "/hub" }
        let caches = environment["XDG_CACHE_HOME"].map { environment.expanded($0) } ?? environment.home + "/.cache"
        return caches + "/huggingface/hub"
    }

    /// Where a person reads about a model, and accepts its licence.
    func page(_ name: HubName) -> String { endpoint + "/" + name.repository }

    func listing(_ name: HubName) -> String {
        "\(endpoint)/api/models/\(name.repository)/revision/\(HubSettings.encoded(name.revision))?blobs=true"
    }

    func file(_ file: String, of name: HubName, at commit: String) -> String {
        "\(endpoint)/\(name.repository)/resolve/\(HubSettings.encoded(commit))/\(file)"
    }

    /// A checked revision as one part of an address.
    private static func encoded(_ revision: String) -> String { revision.replacing("/", with: "%2F") }
}
