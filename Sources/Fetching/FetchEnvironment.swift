// The variables of the environment that fetching respects.

import Foundation

/// Variables of a process, as a value, so that tests need not change their own.
package struct FetchEnvironment: Sendable {
    private let values: [String: String]

    package init(_ values: [String: String]) { self.values = values }

    /// Those of this process.
    package static var process: FetchEnvironment { FetchEnvironment(ProcessInfo.processInfo.environment) }

    /// A variable's value; nil where it is not set or empty.
    subscript(name: String) -> String? { values[name].flatMap { $0.isEmpty ? nil : $0 } }

    var home: String { self["HOME"] ?? FileManager.default.homeDirectoryForCurrentUser.path }

    /// All variables, some of them replaced, for a child process.
    func variables(replacing others: [String: String]) -> [String: String] { values.merging(others) { $1 } }

    /// The first of these variables that says yes, as Hugging Face's libraries read them.
    func firstSet(_ names: [String]) -> String? {
        names.first { name in ["1", "ON", "YES", "TRUE"].contains(self[name]?.uppercased()) }
    }

    /// The program of this name in PATH.
    func program(_ name: String) -> String? {
        (self["PATH"] ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":").map { $0 + "/" + name }
            .first { access($0, X_OK) == 0 && CachedModel.size($0) != nil }
    }

    /// `~` at the beginning of a path.
    func expanded(_ path: String) -> String { path.hasPrefix("~/") ? home + path.dropFirst() : path }
}
