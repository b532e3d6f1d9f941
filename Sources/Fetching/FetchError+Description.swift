// The messages of errors while a model is fetched, and what the user can do.

extension FetchError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unknownName(let name, _): "there is no model with the short name \(name)"
        case .invalidName(let name, let reason): "\(name) is not a valid name: \(reason)"
        case .noRevisions(let name): "\(name) has one version only, so --revision has no meaning"
        case .noRepository(let name, _): "the hub has no model \(name)"
        case .noRevision(let name, let revision): "\(name) has no revision \(revision)"
        case .accessDenied(let name, _, let withToken):
            withToken
                ? "the hub does not give \(name) to the owner of this HF_TOKEN"
                : "the hub gives \(name) only to people it knows, or has no such model"
        case .offline(let name, let variable, _): "\(name) is not in the cache, and \(variable) forbids the network"
        case .noNetwork(let name, let reason, _): "\(name) cannot be fetched without a network: \(reason)"
        case .badEndpoint(let text):
            "HF_ENDPOINT is \(text), which is not an address that begins with https:// or http://"
        case .noCurl(let reason): "the library libcurl.so.4, which downloads from the hub, cannot be loaded: \(reason)"
        case .untrusted(let url, let reason): "\(url): the connection is not secure: \(reason)"
        case .noPython: "python3, whose pip downloads the package, is not installed"
        case .noPip: "python3 has no pip, which downloads the package"
        case .pipFailed(let requirement, let reason, _): "pip could not download \(requirement): \(reason)"
        case .noWheel(let requirement, let folder): "pip put no wheel of \(requirement) into \(folder)"
        case .archive(let path, let defect): "\(path): \(defect)"
        case .wrongHash(let file, let expected, let found):
            "\(file) has SHA-256 \(found.prefix(16))…, and \(expected.prefix(16))… was expected; it was removed"
        case .wrongSize(let file, let expected, let found):
            "\(file) has \(found) bytes or more, and \(expected) were expected"
        case .status(let url, let status): "\(url): the server answered with status \(status)"
        case .tooManyRequests(let url, let seconds):
            "\(url): too many requests" + (seconds.map { "; the server asks to wait \($0) seconds" } ?? "")
        case .interrupted(let file, let reason, let kept): "\(file): \(reason); \(kept) bytes are kept"
        case .badAnswer(let url, let reason): "\(url): \(reason)"
        case .unsafeRedirect(let from, let to): "\(from) redirects to \(to), which is not followed"
        case .nothingToTake(let name, let reason): "\(name): \(reason)"
        case .severalFiles(let name, let files):
            "\(name) has \(files.count) GGUF files: \(files.joined(separator: ", "))"
        case .noSpace(let path, let needed, let available):
            "\(path) needs \(ByteText.text(needed)), and \(ByteText.text(available)) are free"
        case .busy(let path, let owner): "\(path) is being fetched by \(owner)"
        case .inTheWay(let path): "\(path) exists and is not a model that was fetched"
        case .notInCache(let name, _): "\(name) is not in the cache"
        case .file(let error): error.description
        }
    }

    /// What the user can do about it.
    package var hint: String? {
        switch self {
        case .unknownName(_, let nearest?), .noRepository(_, let nearest?), .notInCache(_, let nearest?):
            "did you mean \(nearest)?"
        case .unknownName(_, nil), .notInCache(_, nil):
            "`luthier fetch --list` shows the short names and the cache; any owner/name of the hub can be fetched"
        case .invalidName:
            "for example smollm2-135m, owner/name, owner/name:Q4_K_M, owner/name/file.gguf, owner/name@revision"
        case .accessDenied(let name, let page, let withToken):
            (withToken ? "" : "put an access token into HF_TOKEN, and check the name \(name); ")
                + "if the model is gated, accept its licence at \(page)"
        case .offline(_, let variable, let copying): "unset \(variable), or \(copying)"
        case .noNetwork(_, _, let copying), .pipFailed(_, _, let copying): copying
        case .noCurl: "apt-get install libcurl4"
        case .untrusted: "apt-get install ca-certificates, or name a file of certificates in SSL_CERT_FILE"
        case .noPython, .noPip: "apt-get install python3-pip"
        case .status(_, 500...): "the fault is the server's: fetch again later"
        case .tooManyRequests: "fetch again later; what has arrived is kept. HF_TOKEN raises the hub's limits"
        case .interrupted: "fetch again: the download resumes where it stopped"
        case .wrongHash, .archive: "fetch again"
        case .severalFiles(let name, let files): "choose one, for example \(name)/\(files[0])"
        case .noSpace: "free some space, or choose another disk with LUTHIER_CACHE or --output"
        case .busy: "wait for it, or stop it"
        case .inTheWay: "choose another folder, or remove it"
        case .file(let error): error.hint
        default: nil
        }
    }
}

/// Numbers of bytes as people read them.
package enum ByteText {
    /// `98.4 MB`: three digits, in powers of a thousand.
    package static func text(_ bytes: Int) -> String {
        let units = ["bytes", "kB", "MB", "GB", "TB"]
        var (value, unit) = (Double(bytes), 0)
        while value >= 999.5, unit < units.count - 1 { (value, unit) = (value / 1000, unit + 1) }
        guard unit > 0, value < 99.95 else { return "\(Int(value.rounded())) \(units[unit])" }
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10) \(units[unit])"
    }
}
