// Which names in `Host` a server answers to: a page elsewhere must not reach it through its own name (DNS rebinding).

import Foundation

/// The value of a `Host` header, divided.
struct HostName: Equatable {
    /// In lowercase, without "." at the end; an address of version 6 without brackets.
    let name: String
    let port: Int?

    /// Nil if it is not a host with or without a port (RFC 9110, section 7.2).
    init?(_ text: String) {
        guard text.utf8.count <= 300, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
        var (name, rest) = (Substring(text), Substring())
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            name = text[text.index(after: text.startIndex)..<end]
            rest = text[text.index(after: end)...]
            guard HostName.isAddress(String(name), AF_INET6) else { return nil }
        } else {
            if let colon = text.firstIndex(of: ":") { (name, rest) = (text[..<colon], text[colon...]) }
            if name.hasSuffix(".") { name = name.dropLast() }
            guard !name.isEmpty, name.utf8.allSatisfy(HostName.isNameByte) else { return nil }
        }
        if rest.isEmpty {
            port = nil
        } else {
            guard rest.hasPrefix(":"), rest.dropFirst().utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
            // "localhost:" has no port (RFC 3986, section 3.2.3).
            let digits = rest.dropFirst()
            guard digits.isEmpty || Int(digits).map({ $0 <= 65535 }) == true else { return nil }
            port = Int(digits)
        }
        self.name = name.lowercased()
    }

    var isAddress: Bool { HostName.isAddress(name, AF_INET) || HostName.isAddress(name, AF_INET6) }

    /// Whether it is a name or address of this machine that no other can have.
    var isLoopback: Bool {
        name == "localhost" || (HostName.isAddress(name, AF_INET) && name.hasPrefix("127."))
            || (HostName.isAddress(name, AF_INET6) && HostName.isOne(name))
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    private static func isAddress(_ text: String, _ family: Int32) -> Bool {
        var address = in6_addr()
        return inet_pton(family, text, &address) == 1
    }

    private static func isOne(_ text: String) -> Bool {
        var address = in6_addr()
        guard inet_pton(AF_INET6, text, &address) == 1 else { return false }
        return withUnsafeBytes(of: address) { $0.dropLast().allSatisfy { $0 == 0 } && $0.last == 1 }
    }
}

/// The hosts that a server answers to.
package struct AllowedHosts: Sendable {
    private let names: Set<String>
    /// Where other machines reach the server, all its addresses are allowed: a key protects it.
    private let allowsAddresses: Bool

    init(_ settings: HTTPServerSettings, isLoopback: Bool) {
        allowsAddresses = !isLoopback
        var names = Set(settings.allowedHosts.compactMap { HostName($0)?.name })
        if !isLoopback {
            if let name = HostName(settings.host)?.name { names.insert(name) }
            var buffer = [CChar](repeating: 0, count: 256)
            if gethostname(&buffer, buffer.count - 1) == 0 {
                names.insert(
                    String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self).lowercased()
                )
            }
        }
        self.names = names
    }

    /// Whether settings may list this name: a host without a port.
    package static func isName(_ text: String) -> Bool { HostName(text).map { $0.port == nil } ?? false }

    func contains(_ host: HostName) -> Bool {
        host.isLoopback || names.contains(host.name) || (allowsAddresses && host.isAddress)
    }
}
