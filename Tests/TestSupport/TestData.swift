// Where the tests find the real data and the small golden files.

import Foundation

/// The folder of real data, which is not a part of the package, and the fixtures, which are.
package enum TestData {
    /// What a skipped test says.
    package static let absence =
        "the folder of test data is absent: set LUTHIER_TEST_DATA, or put it at ../shared/data"

    /// The root of the package.
    package static let packageRoot = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    private static let root: URL =
        ProcessInfo.processInfo.environment["LUTHIER_TEST_DATA"].map { URL(fileURLWithPath: $0) }
        ?? packageRoot.deletingLastPathComponent().appendingPathComponent("shared/data")

    package static var isAvailable: Bool { FileManager.default.fileExists(atPath: root.path) }

    /// The full path of a file or folder of the real data, whether or not it is there.
    package static func path(_ relative: String) -> String { root.appendingPathComponent(relative).path }

    /// The full path of a file in the cache of downloaded models, whether or not it is there: the folder that
    /// LUTHIER_CACHE names, or ~/.cache/luthier.
    package static func cached(_ relative: String) -> String {
        let folder =
            ProcessInfo.processInfo.environment["LUTHIER_CACHE"].map { URL(fileURLWithPath: $0) }
            ?? FileManager.default.homeDirectoryForCurrentUser.appendingPathComponent(".cache/luthier")
        return folder.appendingPathComponent(relative).path
    }

    /// SmolLM2-135M-Instruct in the cache, and whether it is there.
    package static var smolLM2: (path: String, isThere: Bool) {
        let path = cached("smollm2-135m/SmolLM2-135M-Instruct.Q4_1.gguf")
        return (path, FileManager.default.fileExists(atPath: path))
    }

    /// The full path of a file in Tests/Fixtures.
    package static func fixture(_ name: String) -> String {
        packageRoot.appendingPathComponent("Tests/Fixtures/" + name).path
    }
}
