// libcurl, loaded when the first model is fetched from the hub: nothing else needs it.

import CCurl
import Foundation

/// Addresses of the functions of libcurl's easy interface (curl.se/libcurl/c).
package struct CurlLibrary {
    let reset, cleanup, perform, setOption: UnsafeMutableRawPointer
    let append, freeList: UnsafeMutableRawPointer
    private let create, message: UnsafeMutableRawPointer

    /// Debian's package libcurl4 has the first name, libcurl3-gnutls the second.
    package static let fileNames = ["libcurl.so.4", "libcurl-gnutls.so.4", "libcurl.4.dylib"]

    /// Loads the library; it stays loaded.
    package init(fileNames: [String] = CurlLibrary.fileNames) throws(FetchError) {
        var (library, reason): (UnsafeMutableRawPointer?, String?)
        for name in fileNames where library == nil {
            library = dlopen(name, RTLD_NOW | RTLD_LOCAL)
            if library == nil, reason == nil { reason = dlerror().map { String(cString: $0) } }
        }
        guard let library else { throw .noCurl(reason: reason ?? "it is not installed") }
        func find(_ name: String) throws(FetchError) -> UnsafeMutableRawPointer {
            guard let found = dlsym(library, name) else { throw .noCurl(reason: "it has no function \(name)") }
            return found
        }
        (reset, cleanup) = (try find("curl_easy_reset"), try find("curl_easy_cleanup"))
        (perform, setOption) = (try find("curl_easy_perform"), try find("curl_easy_setopt"))
        (append, freeList) = (try find("curl_slist_append"), try find("curl_slist_free_all"))
        (create, message) = (try find("curl_easy_init"), try find("curl_easy_strerror"))
        guard luthier_curl_global_init(try find("curl_global_init")) == 0 else {
            throw .noCurl(reason: "it failed to start")
        }
    }

    /// A new handle.
    func makeHandle() throws(FetchError) -> UnsafeMutableRawPointer {
        guard let handle = luthier_curl_new(create) else { throw .noCurl(reason: "it failed to start") }
        return handle
    }

    /// What a number that `perform` returned means.
    func text(of code: Int32) -> String {
        luthier_curl_message(message, code).map { String(cString: $0) } ?? "error \(code)"
    }
}

/// Numbers of libcurl's options (curl.h; they never change).
enum CurlOption {
    static let (url, headerList, userAgent, certificates): (Int32, Int32, Int32, Int32) = (10002, 10023, 10018, 10065)
    static let (writer, writerContext): (Int32, Int32) = (20011, 10001)
    static let (headerWriter, headerContext): (Int32, Int32) = (20079, 10029)
    static let (headOnly, noSignal, protocols): (Int32, Int32, Int32) = (44, 99, 181)
    static let (connectSeconds, slowestRate, slowSeconds): (Int32, Int32, Int32) = (78, 19, 20)
}
