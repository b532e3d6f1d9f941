// swift-tools-version: 6.0
// The package: one target per module of the drawing in CONTRIBUTING.md; a module imports only what stands below it.

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
        .executable(name: "luthier", targets: ["luthier"]),
        .executable(name: "benchmarks", targets: ["benchmarks"]),
    ],
    targets: [
        .systemLibrary(name: "CHDF5", pkgConfig: "hdf5", providers: [.apt(["libhdf5-dev"]), .brew(["hdf5"])]),
        .systemLibrary(
            name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"]), .brew(["openblas"])]),
        .systemLibrary(name: "COneDNN", providers: [.apt(["libdnnl-dev"]), .brew(["onednn"])]),
        .systemLibrary(name: "CProcessor"),
        .systemLibrary(
            name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"]), .brew(["openssl@3"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),

        .target(name: "Files", swiftSettings: strict),
        .target(name: "StrictJSON", swiftSettings: strict),
        .target(name: "Jinja", dependencies: ["StrictJSON"], swiftSettings: strict),
        .target(name: "Kernels", dependencies: ["COpenBLAS", "COneDNN", "CProcessor"], swiftSettings: numeric),
        .target(name: "Tokenizer", dependencies: ["StrictJSON"], swiftSettings: strict),
        .target(name: "Checkpoint", dependencies: ["CHDF5", "COpenSSL", "Files"], swiftSettings: strict),
        .target(name: "Model", dependencies: ["Kernels"], swiftSettings: strict),
        .target(
            name: "Datasets", dependencies: ["Jinja", "Kernels", "Tokenizer", "StrictJSON"], swiftSettings: strict),
        .target(
            name: "Preparation",
            dependencies: ["CZlib", "Checkpoint", "Datasets", "Files", "Kernels", "StrictJSON", "Tokenizer"],
            swiftSettings: strict),
        .target(
            name: "Interchange", dependencies: ["Files", "Model", "Tokenizer", "StrictJSON"], swiftSettings: strict),
        .target(name: "Inference", dependencies: ["Model", "Tokenizer"], swiftSettings: strict),
        .target(
            name: "Training",
            dependencies: [
                "Model", "Datasets", "Files", "Inference", "Checkpoint", "Interchange", "StrictJSON", "Tokenizer",
            ],
            swiftSettings: strict),
        .target(name: "Arguments", dependencies: ["StrictJSON"], swiftSettings: strict),
        .target(name: "Checks", dependencies: ["StrictJSON"], swiftSettings: strict),

        .executableTarget(
            name: "luthier",
            dependencies: [
                "Arguments", "Checks", "Training", "Inference", "Interchange", "Preparation", "Datasets", "Tokenizer",
                "Checkpoint", "Files",
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "benchmarks",
            dependencies: [
                "Arguments", "Training", "Inference", "Datasets", "Tokenizer", "StrictJSON", "COpenBLAS", "COneDNN",
            ],
            path: "Benchmarks/benchmarks", swiftSettings: numeric),

        .target(
            name: "TestSupport", dependencies: ["Kernels", "Model", "StrictJSON"], path: "Tests/TestSupport",
            swiftSettings: strict),
        .testTarget(name: "StrictJSONTests", dependencies: ["StrictJSON", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "JinjaTests", dependencies: ["Jinja", "StrictJSON", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "KernelsTests", dependencies: ["Kernels", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "TokenizerTests", dependencies: ["Tokenizer", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "CheckpointTests", dependencies: ["Checkpoint", "Files", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "ModelTests", dependencies: ["Model", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "DatasetsTests", dependencies: ["Datasets", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "PreparationTests", dependencies: ["Preparation", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "InferenceTests", dependencies: ["Inference", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "InterchangeTests", dependencies: ["Interchange", "Inference", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "TrainingTests", dependencies: ["Training", "Files", "Interchange", "Tokenizer", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "ArgumentsTests", dependencies: ["Arguments", "StrictJSON", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "ChecksTests", dependencies: ["Checks", "StrictJSON", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "CommandTests", dependencies: ["luthier", "TestSupport", "StrictJSON"], swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
