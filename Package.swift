// swift-tools-version: 6.0
// The package: one target per module of the drawing in CONTRIBUTING.md; a module imports only modules below its own.

import PackageDescription

/// The instruction set that the kernels are compiled for. `LUTHIER_ARCHITECTURE=x86-64-v3 swift build …` makes a
/// build that runs on other machines than this one; the default is the machine's own.
let architecture = Context.environment["LUTHIER_ARCHITECTURE"] ?? "native"

let strict: [SwiftSetting] = [.enableUpcomingFeature("ExistentialAny")]
let numeric: [SwiftSetting] = strict + [.unsafeFlags(["-Xcc", "-march=\(architecture)"])]

let package = Package(
    name: "luthier",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "Luthier", targets: ["Luthier"]),
        .executable(name: "luthier", targets: ["LuthierProgram"]),
        .executable(name: "benchmarks", targets: ["benchmarks"]),
        .executable(name: "weather-check", targets: ["weather-check"]),
    ],
    targets: [
        .systemLibrary(name: "CHDF5", pkgConfig: "hdf5", providers: [.apt(["libhdf5-dev"]), .brew(["hdf5"])]),
        .systemLibrary(
            name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"]), .brew(["openblas"])]),
        .systemLibrary(name: "COneDNN", providers: [.apt(["libdnnl-dev"]), .brew(["onednn"])]),
        .systemLibrary(name: "CCurl"),
        .systemLibrary(name: "CMicrohttpd", providers: [.apt(["libmicrohttpd-dev"]), .brew(["libmicrohttpd"])]),
        .systemLibrary(name: "CProcessor"),
        .target(name: "CHNSW", cxxSettings: [.unsafeFlags(["-march=\(architecture)"])]),
        .systemLibrary(name: "CXML2"),
        .systemLibrary(name: "CSQLite", providers: [.apt(["libsqlite3-dev"]), .brew(["sqlite"])]),
        .systemLibrary(
            name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"]), .brew(["openssl@3"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),

        .target(name: "Files", swiftSettings: strict),
        .target(name: "Communication", swiftSettings: strict),
        .target(name: "Processes", dependencies: ["Files"], swiftSettings: strict),
        .target(name: "StrictJSON", swiftSettings: strict),
        .target(name: "Database", dependencies: ["CSQLite"], swiftSettings: strict),
        .target(name: "HTTPServer", dependencies: ["CMicrohttpd", "StrictJSON"], swiftSettings: strict),
        .target(name: "Jinja", dependencies: ["StrictJSON"], swiftSettings: strict),
        .target(name: "Kernels", dependencies: ["COpenBLAS", "COneDNN", "CProcessor"], swiftSettings: numeric),
        .target(name: "Tokenizer", dependencies: ["Files", "StrictJSON"], swiftSettings: strict),
        .target(name: "Checkpoint", dependencies: ["CHDF5", "COpenSSL", "Files"], swiftSettings: strict),
        .target(
            name: "Fetching", dependencies: ["CCurl", "CZlib", "Checkpoint", "Files", "Processes", "StrictJSON"],
            swiftSettings: strict),
        .target(name: "Model", dependencies: ["Kernels"], swiftSettings: strict),
        .target(name: "Conversations", dependencies: ["Jinja", "StrictJSON", "Tokenizer"], swiftSettings: strict),
        .target(
            name: "Datasets",
            dependencies: ["CZlib", "Conversations", "Files", "Kernels", "StrictJSON", "Tokenizer"],
            swiftSettings: strict),
        .target(
            name: "Preparation",
            dependencies: [
                "Checkpoint", "Conversations", "Datasets", "Files", "Kernels", "StrictJSON", "Tokenizer",
            ],
            swiftSettings: strict),
        .target(
            name: "Interchange", dependencies: ["Files", "Kernels", "Model", "StrictJSON", "Tokenizer"],
            swiftSettings: strict),
        .target(
            name: "Inference", dependencies: ["Conversations", "Kernels", "Model", "Tokenizer"],
            swiftSettings: strict),
        .target(
            name: "Models",
            dependencies: [
                "Checkpoint", "Conversations", "Fetching", "Files", "Inference", "Interchange", "Kernels", "Model",
                "Processes", "StrictJSON", "Tokenizer",
            ],
            swiftSettings: strict),
        .target(
            name: "Evaluation",
            dependencies: [
                "Conversations", "Datasets", "Inference", "Kernels", "Model", "Models", "StrictJSON", "Tokenizer",
            ],
            swiftSettings: strict),
        .target(
            name: "Training",
            dependencies: [
                "Checkpoint", "Communication", "Conversations", "Datasets", "Evaluation", "Files", "Inference",
                "Kernels", "Model",
                "Models", "StrictJSON", "Tokenizer",
            ],
            resources: [.embedInCode("Safety/rows.jsonl")], swiftSettings: strict),
        .target(
            name: "SentenceEncoder", dependencies: ["Interchange", "Kernels", "StrictJSON"], swiftSettings: strict),
        .target(
            name: "Retrieval",
            dependencies: [
                "CHNSW", "CXML2", "Checkpoint", "Conversations", "Database", "SentenceEncoder", "StrictJSON",
            ],
            swiftSettings: strict),
        .target(name: "Reports", dependencies: ["Checkpoint", "Models", "StrictJSON"], swiftSettings: strict),
        .target(
            name: "Luthier",
            dependencies: [
                "Checkpoint", "Conversations", "Datasets", "Evaluation", "Files", "Inference", "Interchange", "Kernels",
                "Models", "StrictJSON", "Tokenizer", "Training",
            ],
            swiftSettings: strict),
        .target(name: "Page", resources: [.embedInCode("Files")], swiftSettings: strict),
        .target(
            name: "Service",
            dependencies: [
                "Checkpoint", "Conversations", "Database", "Datasets", "Evaluation", "Fetching", "Files", "HTTPServer",
                "Inference", "Kernels", "Model", "Models", "Preparation", "Processes", "Retrieval", "StrictJSON",
                "Tokenizer",
                "Training",
            ],
            swiftSettings: strict),
        .target(name: "Arguments", dependencies: ["StrictJSON"], swiftSettings: strict),

        .executableTarget(
            name: "LuthierProgram",
            dependencies: [
                "Arguments", "Checkpoint", "Communication", "Conversations", "Datasets", "Evaluation", "Fetching",
                "Files",
                "Inference", "Interchange", "Kernels", "Model", "Models", "Page", "Preparation", "Processes", "Reports",
                "Retrieval", "Service",
                "StrictJSON", "Tokenizer", "Training",
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "benchmarks",
            dependencies: [
                "Arguments", "COneDNN", "COpenBLAS", "Communication", "Datasets", "Inference", "Interchange", "Kernels",
                "Model",
                "Models", "Retrieval", "SentenceEncoder",
                "StrictJSON", "Tokenizer", "Training",
            ],
            path: "Benchmarks/benchmarks", swiftSettings: numeric),

        .executableTarget(
            name: "tune-and-generate", dependencies: ["Luthier"], path: "Examples/tune-and-generate",
            swiftSettings: strict),
        .target(
            name: "WeatherAnswers", dependencies: ["StrictJSON"], path: "Examples/weather/WeatherAnswers",
            swiftSettings: strict),
        .executableTarget(
            name: "weather-check", dependencies: ["Arguments", "StrictJSON", "WeatherAnswers"],
            path: "Examples/weather/weather-check", swiftSettings: strict),
        .testTarget(
            name: "WeatherAnswersTests", dependencies: ["StrictJSON", "TestSupport", "WeatherAnswers"],
            path: "Examples/weather/Tests", swiftSettings: strict),

        .target(
            name: "TestSupport", dependencies: ["Checkpoint", "Communication", "Kernels", "Model", "StrictJSON"],
            path: "Tests/TestSupport", swiftSettings: strict),
        .testTarget(name: "StrictJSONTests", dependencies: ["StrictJSON", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "DatabaseTests", dependencies: ["Database", "Kernels", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "HTTPServerTests", dependencies: ["HTTPServer", "Kernels", "StrictJSON", "TestSupport"],
            swiftSettings: strict),
        .testTarget(name: "JinjaTests", dependencies: ["Jinja", "StrictJSON", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "KernelsTests", dependencies: ["Kernels", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "TokenizerTests", dependencies: ["StrictJSON", "TestSupport", "Tokenizer"], swiftSettings: strict),
        .testTarget(name: "CheckpointTests", dependencies: ["CHDF5", "Checkpoint", "Files"], swiftSettings: strict),
        .testTarget(
            name: "CommunicationTests", dependencies: ["Communication", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "ProcessesTests", dependencies: ["Files", "Processes"], swiftSettings: strict),
        .testTarget(
            name: "FetchingTests",
            dependencies: ["CZlib", "Checkpoint", "Fetching", "Files", "StrictJSON", "TestSupport"],
            swiftSettings: strict),
        .testTarget(name: "ModelTests", dependencies: ["Kernels", "Model", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "ConversationsTests",
            dependencies: ["Conversations", "Datasets", "StrictJSON", "TestSupport", "Tokenizer"],
            swiftSettings: strict),
        .testTarget(
            name: "DatasetsTests", dependencies: ["Conversations", "Datasets", "TestSupport", "Tokenizer"],
            swiftSettings: strict),
        .target(
            name: "PreparationSupport", dependencies: ["Datasets"], path: "Tests/PreparationSupport",
            swiftSettings: strict),
        .testTarget(
            name: "PreparationTests",
            dependencies: [
                "Datasets", "Kernels", "Preparation", "PreparationSupport", "StrictJSON", "TestSupport", "Tokenizer",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "RowTableTests",
            dependencies: [
                "Conversations", "Datasets", "Kernels", "Models", "Preparation", "StrictJSON", "TestSupport",
                "Tokenizer",
                "Training",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "InferenceTests", dependencies: ["Inference", "Kernels", "Model", "TestSupport", "Tokenizer"],
            swiftSettings: strict),
        .testTarget(
            name: "InterchangeTests",
            dependencies: [
                "Checkpoint", "Files", "Interchange", "Kernels", "Model", "StrictJSON", "TestSupport", "Tokenizer",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "ModelsTests",
            dependencies: [
                "Checkpoint", "Conversations", "Fetching", "Files", "Inference", "Interchange", "Kernels", "Model",
                "Models",
                "StrictJSON", "TestSupport", "Tokenizer",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "EvaluationTests",
            dependencies: [
                "Datasets", "Evaluation", "Kernels", "Model", "Models", "StrictJSON", "TestSupport", "Tokenizer",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "TrainingTests",
            dependencies: [
                "Checkpoint", "Communication", "Conversations", "Datasets", "Evaluation", "Files", "Inference",
                "Interchange", "Kernels",
                "Model", "Models", "StrictJSON", "TestSupport", "Tokenizer", "Training",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "SentenceEncoderTests", dependencies: ["SentenceEncoder", "StrictJSON", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "RetrievalTests", dependencies: ["Conversations", "Retrieval", "SentenceEncoder", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "ReportsTests", dependencies: ["Checkpoint", "Models", "Reports", "StrictJSON", "TestSupport"],
            swiftSettings: strict),
        .testTarget(name: "LuthierTests", dependencies: ["Luthier", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "ServiceTests",
            dependencies: [
                "Conversations", "Database", "HTTPServer", "Inference", "Kernels", "Model", "Models", "Page",
                "Retrieval", "Service", "StrictJSON", "TestSupport", "Tokenizer", "Training",
            ],
            swiftSettings: strict),
        .testTarget(name: "ArgumentsTests", dependencies: ["Arguments", "StrictJSON"], swiftSettings: strict),
        .testTarget(
            name: "CommandTests",
            dependencies: ["Arguments", "Checkpoint", "LuthierProgram", "Model", "StrictJSON", "TestSupport"],
            swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx17
)

// `LUTHIER_TARGETS=KernelsTests,DatabaseTests swift build …` builds these targets and what they need, and nothing else:
// the sanitizers' builds take a quarter of the time.
if let wanted = Context.environment["LUTHIER_TARGETS"] {
    var pending = wanted.split(separator: ",").map(String.init)
    var needed: Set<String> = []
    while let name = pending.popLast() {
        guard needed.insert(name).inserted, let target = package.targets.first(where: { $0.name == name }) else {
            continue
        }
        for case .byNameItem(let dependency, _) in target.dependencies { pending.append(dependency) }
    }
    package.targets.removeAll { !needed.contains($0.name) }
    package.products.removeAll()
}
