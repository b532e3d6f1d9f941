// TensorBoard's format, byte for byte.

import Checkpoint
import Files
import Foundation
import TestSupport
import Testing
import Training

@Suite struct EventFileTests {
    /// RFC 3720, appendix B.4, and the check value of the catalogues of CRCs.
    @Test(
        arguments: [
            ([UInt8](repeating: 0, count: 32), 0x8a91_36aa), ([UInt8](repeating: 0xff, count: 32), 0x62a8_ab43),
            (Array(0...31), 0x46dd_794e), (Array((0...31).reversed()), 0x113f_db5c),
            (Array("123456789".utf8), 0xe306_9283),
            ([], 0),
        ] as [([UInt8], UInt32)])
    func publishedChecksums(_ bytes: [UInt8], _ expected: UInt32) {
        #expect(CRC32C.checksum(bytes) == expected)
    }

    @Test func theFileHasTheseBytes() throws {
        try withTemporaryFolder { place in
            let folder = place.path
            let file = try EventFile(directory: folder, seconds: 1_700_000_000)
            #expect(file.path == "\(folder)/events.out.tfevents.1700000000.luthier")
            try file.append(step: 300, seconds: 1.5, values: [("a", 0.5), ("b", -2)])
            let version: [UInt8] =
                [0x09, 0, 0, 0, 0x40, 0xfc, 0x54, 0xd9, 0x41]  // wall_time, 1 700 000 000 as a double
                + [0x1a, 13] + Array("brain.Event:2".utf8)
            let values: [UInt8] =
                [0x09, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f]  // wall_time, 1.5
                + [0x10, 0xac, 0x02]  // step, 300 in two groups of seven bits
                + [0x2a, 20]  // summary
                + [0x0a, 8, 0x0a, 1, 0x61, 0x15, 0, 0, 0, 0x3f]  // value: tag "a", 0.5
                + [0x0a, 8, 0x0a, 1, 0x62, 0x15, 0, 0, 0, 0xc0]  // value: tag "b", -2
            // The lengths, 24 and 34, and the checksums are those of TensorBoard's own writer for these messages.
            let expected: [UInt8] =
                [24, 0, 0, 0, 0, 0, 0, 0] + [0xa3, 0x7f, 0x4b, 0x22] + version + [0xec, 0xed, 0x8f, 0x9d]
                + [34, 0, 0, 0, 0, 0, 0, 0] + [0x78, 0x11, 0x3d, 0xfd] + values + [0x55, 0x49, 0x9a, 0x03]
            #expect(Array(try Data(contentsOf: URL(fileURLWithPath: file.path))) == expected)
        }
    }

    @Test func aNameInUseIsNotWrittenTo() throws {
        try withTemporaryFolder { place in
            let folder = place.path
            let first = try EventFile(directory: folder, seconds: 5)
            let second = try EventFile(directory: folder, seconds: 5)
            #expect(first.path.hasSuffix(".5.luthier"))
            #expect(second.path.hasSuffix(".6.luthier"))
            #expect(throws: FileError(.create, "\(folder)/no/events.out.tfevents.5.luthier", code: ENOENT)) {
                try EventFile(directory: "\(folder)/no", seconds: 5)
            }
        }
    }
}
