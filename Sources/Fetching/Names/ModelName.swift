// The names of models that can be fetched, and how they are read.

/// A checked name: nothing in it can lead out of the cache's folder.
package enum ModelName: Sendable, Hashable {
    /// `smollm2-135m`.
    case published(PublishedModel)
    /// `owner/name`.
    case hub(HubName)

    /// Reads a name: a short name; or `owner/name`, which `:Q4_K_M` or `/file.gguf` may follow to choose one GGUF file,
    /// and then `@revision`.
    package init(_ text: String) throws(FetchError) {
        guard text.contains("/") else {
            guard let found = PublishedModel.named.first(where: { $0.name == text }) else {
                throw .unknownName(text, nearest: Self.nearest(to: text))
            }
            self = .published(found)
            return
        }
        self = .hub(try HubName(text))
    }

    /// The same at another revision. Only the hub has revisions.
    package func at(revision: String) throws(FetchError) -> ModelName {
        switch self {
        case .published(let model): throw .noRevisions(model.name)
        case .hub(var name):
            try name.set(revision: revision)
            return .hub(name)
        }
    }

    /// The known name that is most similar.
    package static func nearest(to text: String) -> String? { nearestName(to: text) }

    /// Whether Luthier lists it.
    package var isKnown: Bool {
        switch self {
        case .published: true
        case .hub(let name): PublishedModel.hubNames.contains(name.repository)
        }
    }
}

extension ModelName: CustomStringConvertible {
    package var description: String {
        switch self {
        case .published(let model): model.name
        case .hub(let name): name.description
        }
    }
}

/// A repository on the hub, and what is taken of it.
package struct HubName: Sendable, Hashable, CustomStringConvertible {
    /// One GGUF file of a repository that has several.
    package enum Choice: Sendable, Hashable {
        case file(String)
        /// Its type of quantization, such as `Q4_K_M`.
        case label(String)
    }

    /// The revision of a name that says none.
    package static let defaultRevision = "main"

    package let owner: String
    package let name: String
    /// nil for a model in Hugging Face's own format.
    package var choice: Choice?
    /// A branch, a tag or a commit.
    package private(set) var revision = HubName.defaultRevision

    /// `owner/name`.
    package var repository: String { owner + "/" + name }

    package var description: String {
        let chosen =
            switch choice {
            case .file(let file): "/" + file
            case .label(let label): ":" + label
            case nil: ""
            }
        return repository + chosen + (revision == HubName.defaultRevision ? "" : "@" + revision)
    }

    init(_ text: String) throws(FetchError) {
        let ends = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        var parts = ends[0].split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 || parts.count == 3 else {
            throw .invalidName(text, reason: "a name on the hub is owner/name")
        }
        if parts.count == 3 {
            guard parts[2].hasSuffix(".gguf"), HubName.isFileName(parts[2]) else {
                throw .invalidName(text, reason: "after owner/name only the name of a .gguf file may follow")
            }
            choice = .file(parts[2])
        } else if let colon = parts[1].firstIndex(of: ":") {
            let label = String(parts[1][parts[1].index(after: colon)...])
            guard HubName.isFileName(label) else {
                throw .invalidName(text, reason: "a type such as Q4_K_M must follow the colon")
            }
            (choice, parts[1]) = (.label(label), String(parts[1][..<colon]))
        }
        for part in parts.prefix(2) where !HubName.isName(part) {
            throw .invalidName(
                text,
                reason: "\"\(part)\" must be letters, digits, single . and - and _, at most 96, not . or - at an end")
        }
        (owner, name) = (parts[0], parts[1])
        if ends.count == 2 { try set(revision: String(ends[1])) }
    }

    mutating func set(revision text: String) throws(FetchError) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard text.utf8.count <= 128, parts.allSatisfy({ HubName.isFileName(String($0)) }) else {
            throw .invalidName(text, reason: "a revision is a branch, a tag or a commit")
        }
        revision = text
    }

    /// Whether `text` may be an owner or a name: what the hub itself allows.
    private static func isName(_ text: String) -> Bool {
        isFileName(text) && text.utf8.count <= 96 && !text.contains("--") && !text.contains("..")
            && !text.hasPrefix("-") && !text.hasSuffix("-") && !text.hasSuffix(".")
    }

    /// Whether `text` can be the name of a file in a folder: plain characters, and not hidden.
    static func isFileName(_ text: String) -> Bool {
        let allowed = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        return allowed && (1...200).contains(text.utf8.count) && !text.hasPrefix(".")
    }
}
