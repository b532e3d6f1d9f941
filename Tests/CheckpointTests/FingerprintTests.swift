// The fast checksum that compares a file with former contents of memory.

import Checkpoint
import Testing

@Suite struct FingerprintTests {
    static let bytes = (0..<203).map { UInt8(truncatingIfNeeded: $0 * 37 + 11) }

    static func sum(_ bytes: [UInt8]) -> Fingerprint { bytes.withUnsafeBytes { Fingerprint($0) } }

    @Test func piecesOfAnyCutAndOrder() {
        let original = Self.sum(Self.bytes)
        for cut in 0...Self.bytes.count {
            var pieces = Fingerprint()
            Self.bytes.withUnsafeBytes { all in
                pieces.add(UnsafeRawBufferPointer(rebasing: all[cut...]), at: cut)
                pieces.add(UnsafeRawBufferPointer(rebasing: all[..<cut]), at: 0)
            }
            #expect(pieces == original)
        }
    }

    @Test func everyChangedBitIsSeen() {
        let original = Self.sum(Self.bytes)
        for index in Self.bytes.indices {
            for bit in 0..<8 {
                var changed = Self.bytes
                changed[index] ^= 1 << UInt8(bit)
                #expect(Self.sum(changed) != original)
            }
        }
    }

    @Test func exchangedWordsAreSeen() {
        var changed = Self.bytes
        changed.replaceSubrange(0..<8, with: Self.bytes[16..<24])
        changed.replaceSubrange(16..<24, with: Self.bytes[0..<8])
        #expect(Self.sum(changed) != Self.sum(Self.bytes))
    }
}
