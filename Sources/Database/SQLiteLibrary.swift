// SQLite, loaded when the first database is opened: nothing else needs it.

import CSQLite
import Foundation

/// Addresses of SQLite's functions.
package struct SQLiteLibrary: Sendable {
    /// Debian's package libsqlite3-0 has the first name.
    package static let fileNames = ["libsqlite3.so.0", "libsqlite3.dylib"]

    let functions: luthier_sqlite

    /// Loads the library; it stays loaded.
    package init(fileNames: [String] = SQLiteLibrary.fileNames) throws(DatabaseError) {
        var (library, reason): (UnsafeMutableRawPointer?, String?)
        for name in fileNames where library == nil {
            library = dlopen(name, RTLD_NOW | RTLD_LOCAL)
            if library == nil, reason == nil { reason = dlerror().map { String(cString: $0) } }
        }
        guard let library else { throw .noLibrary(reason: reason ?? "it is not installed") }
        var functions = luthier_sqlite()
        if let missing = luthier_sqlite_find(library, &functions) {
            throw .noLibrary(reason: "it has no function \(String(cString: missing))")
        }
        self.functions = functions
    }
}
