// What can go wrong when a server is started.

/// One case per reason; the description is the message that a person reads.
package enum HTTPServerError: Error, Equatable, CustomStringConvertible {
    /// libmicrohttpd itself cannot be loaded.
    case noLibrary(reason: String)
    case badPort(Int)
    /// The host is not an address of this machine.
    case unknownHost(String, reason: String)
    case portTaken(host: String, port: Int)
    case portNotPermitted(host: String, port: Int)
    case cannotListen(host: String, port: Int, reason: String)
    /// Other machines can reach the address, and requests need no key.
    case needsKey(host: String)
    case cannotStart(reason: String)
    /// The folder for large bodies cannot be used.
    case uploadFolder(path: String, reason: String)

    package var description: String {
        switch self {
        case .noLibrary(let reason): "libmicrohttpd cannot be loaded: \(reason)"
        case .badPort(let port): "\(port) is not a port: ports are 0 to 65535"
        case .unknownHost(let host, let reason): "cannot listen on \(host): \(reason)"
        case .portTaken(let host, let port): "port \(port) of \(host) is in use by another program"
        case .portNotPermitted(let host, let port): "port \(port) of \(host) needs the rights of the administrator"
        case .cannotListen(let host, let port, let reason): "cannot listen on port \(port) of \(host): \(reason)"
        case .needsKey(let host): "other machines can reach \(host), and no API key is set"
        case .cannotStart(let reason): "the HTTP server cannot be started: \(reason)"
        case .uploadFolder(let path, let reason): "the folder \(path) for uploads cannot be used: \(reason)"
        }
    }

    /// What the user can do about it.
    package var hint: String? {
        switch self {
        case .noLibrary: "apt-get install libmicrohttpd12"
        case .badPort, .portTaken: "choose another port, or port 0 for any free one"
        case .portNotPermitted: "choose a port above 1023"
        case .unknownHost, .cannotListen: "listen on 127.0.0.1, or on an address of this machine"
        case .needsKey: "set a key, or listen on 127.0.0.1"
        case .uploadFolder: "check the path and its permissions"
        case .cannotStart: nil
        }
    }
}
