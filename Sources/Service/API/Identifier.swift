// Ids of objects: a prefix that tells what they are, and random characters.

/// Makes and checks ids.
package enum Identifier {
    private static let characters = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
    /// Characters of an id after its prefix.
    static let length = 24

    /// `file-` and 24 random characters.
    package static func new(_ prefix: String) -> String { prefix + random(length) }

    static func random(_ count: Int) -> String {
        String((0..<count).map { _ in characters[Int.random(in: 0..<characters.count)] })
    }

    /// Whether a text can be an id or the name of a model: letters, digits and `._:-`, at most 200. Such a text is only
    /// looked up; it never becomes a path.
    package static func isPlausible(_ text: String) -> Bool {
        (1...200).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"),
                    UInt8(ascii: ":"):
                    true
                default: false
                }
            }
    }
}
