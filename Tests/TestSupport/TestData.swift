// Where tests find files: the golden fixtures of the repository and the larger data set beside it.

import Foundation

/// Paths for tests. The repository's root is found from the place of this source file.
public enum TestData {
    /// The repository's root.
    public static let packageRoot = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    /// The folder of data that is not in the repository: `LUTHIER_TEST_DATA`, by default `../shared/data`.
    public static let folder: String = {
        let named = ProcessInfo.processInfo.environment["LUTHIER_TEST_DATA"] ?? "../shared/data"
        return named.hasPrefix("/") ? named : packageRoot + "/" + named
    }()

    /// The path of something in `folder`.
    public static func path(_ relative: String) -> String { folder + "/" + relative }

    /// Whether `folder` exists; tests that need it are skipped where it does not.
    public static var isAvailable: Bool { FileManager.default.fileExists(atPath: folder) }

    /// The path of a file in `Tests/Fixtures`.
    public static func fixture(_ name: String) -> String { packageRoot + "/Tests/Fixtures/" + name }
}
