// The members of a JSON object in text order, looked up by the bytes of their keys.

/// One member of an object.
package struct JSONMember: Sendable {
    package let key: String
    package let keyPosition: SourcePosition
    package let value: JSONNode

    package init(key: String, keyPosition: SourcePosition, value: JSONNode) {
        self.key = key
        self.keyPosition = keyPosition
        self.value = value
    }
}

/// An object: its members in text order, with unique keys.
///
/// Keys are compared by their UTF-8 bytes. Swift's `==` treats "é" as one scalar and as two scalars as equal, but in a
/// vocabulary they are different tokens.
package struct JSONObject: Sendable {
    package let members: [JSONMember]
    private let table: KeyTable

    init(members: [JSONMember], table: KeyTable) {
        self.members = members
        self.table = table
    }

    /// An object that is not from a text. Of members with the same key, the first is found.
    package init(members: [JSONMember]) {
        var table = KeyTable()
        if members.count > KeyTable.longestUnindexedList {
            table.fill(members)
        }
        self.init(members: members, table: table)
    }

    /// The value for `key`, in constant time.
    package subscript(key: String) -> JSONNode? {
        table.index(of: key, in: members).map { members[$0].value }
    }
}

/// An open-addressing table from keys to indices of members; short lists are searched without it.
///
/// The standard library's seeded hash prevents a hostile file from making every key collide. The seed has no visible
/// effect, because members keep the order of the text.
struct KeyTable: Sendable {
    static let longestUnindexedList = 8

    /// 0 if empty; otherwise the upper half of the key's hash, and its index plus one in the lower half.
    private var slots: [UInt64] = []

    func index(of key: String, in members: [JSONMember]) -> Int? {
        if slots.isEmpty {
            return members.firstIndex { Self.equalBytes($0.key, key) }
        }
        return find(key, hash: Self.hash(key), in: members)
    }

    /// Adds all members at once.
    mutating func fill(_ members: [JSONMember]) {
        var size = 32
        while size < members.count * 2 { size *= 2 }
        slots = [UInt64](repeating: 0, count: size)
        for place in members.indices { enter(place, of: members) }
    }

    /// Adds the last element of `members`, which must have grown by exactly one since the previous call.
    mutating func noteLast(of members: [JSONMember]) {
        guard members.count > Self.longestUnindexedList else { return }
        if members.count * 2 > slots.count {
            slots = [UInt64](repeating: 0, count: max(32, slots.count * 2))
            for place in members.indices { enter(place, of: members) }
        } else {
            enter(members.count - 1, of: members)
        }
    }

    private mutating func enter(_ place: Int, of members: [JSONMember]) {
        let hash = Self.hash(members[place].key)
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = (hash & 0xFFFF_FFFF_0000_0000) | UInt64(place + 1)
    }

    private func find(_ key: String, hash: UInt64, in members: [JSONMember]) -> Int? {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] != 0 {
            if slots[slot] >> 32 == hash >> 32 {
                let place = Int(slots[slot] & 0xFFFF_FFFF) - 1
                if Self.equalBytes(members[place].key, key) { return place }
            }
            slot = (slot + 1) & mask
        }
        return nil
    }

    private static func hash(_ key: String) -> UInt64 {
        var hasher = Hasher()
        var key = key
        key.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        return UInt64(bitPattern: Int64(hasher.finalize()))
    }

    static func equalBytes(_ left: String, _ right: String) -> Bool {
        left.utf8.count == right.utf8.count && left.utf8.elementsEqual(right.utf8)
    }
}
