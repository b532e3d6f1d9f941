// GNU libmicrohttpd, loaded when the first server is started: nothing else needs it.

import CMicrohttpd
import Foundation

/// Addresses of libmicrohttpd's functions.
package struct MicrohttpdLibrary: Sendable {
    /// Debian's package libmicrohttpd12 has the first name.
    package static let fileNames = ["libmicrohttpd.so.12", "libmicrohttpd.12.dylib"]

    let functions: luthier_microhttpd

    /// Loads the library; it stays loaded.
    package init(fileNames: [String] = MicrohttpdLibrary.fileNames) throws(HTTPServerError) {
        var (library, reason): (UnsafeMutableRawPointer?, String?)
        for name in fileNames where library == nil {
            library = dlopen(name, RTLD_NOW | RTLD_LOCAL)
            if library == nil, reason == nil { reason = dlerror().map { String(cString: $0) } }
        }
        guard let library else { throw .noLibrary(reason: reason ?? "it is not installed") }
        var functions = luthier_microhttpd()
        if let missing = luthier_microhttpd_find(library, &functions) {
            throw .noLibrary(reason: "it has no function \(String(cString: missing))")
        }
        self.functions = functions
    }
}
