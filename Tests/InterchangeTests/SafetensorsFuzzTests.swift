// Damaged headers: whatever the bytes, an answer or an error, never a trap.

import Foundation
import Interchange
import Testing

@Suite("Safetensors fuzz")
struct SafetensorsFuzzTests {
    private static let seeds = [
        #"{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"b":{"dtype":"F16","shape":[4],"data_offsets":[24,32]}}  "#,
        #"{"w":{"dtype":"BF16","shape":[1,2,3],"data_offsets":[0,12]},"e":{"dtype":"I64","shape":[0],"data_offsets":[12,12]}}"#,
        #"{"x":{"dtype":"F4","shape":[9223372036854775807],"data_offsets":[0,4611686018427387904]}}"#,
    ]

    /// Pieces that are likelier than random bytes to reach deep into the checks.
    private static let pieces = [
        "9223372036854775807", "-1", "0", "4294967296", "1e400", "\\ud800", "\"", "{", "}", "[", "]", ",", ":", "F64",
        "null",
        "\"__metadata__\":{}", "\"shape\":[3037000500,3037000500,0]", "\u{0}", "é", "[[[[[[", "\"dtype\":\"F6_E2M3\"",
    ]

    /// SplitMix64 (Steele, Lea & Flood 2014): the same sequence on every machine.
    private struct Generator: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }

    /// LUTHIER_FUZZ_COUNT asks for more than the daily number.
    private static let count = ProcessInfo.processInfo.environment["LUTHIER_FUZZ_COUNT"].flatMap { Int($0) } ?? 20_000

    @Test func noHeaderTraps() throws {
        var generator = Generator(state: 20_260_101)
        var (accepted, refused) = (0, 0)
        for _ in 0..<Self.count {
            let bytes = damaged(&generator)
            let header = bytes.withUnsafeBytes { buffer in
                Result { () throws(SafetensorsDefect) in try SafetensorsHeader(buffer) }
            }
            switch header {
            case .success(let header):
                accepted += 1
                // What was accepted can be read: no entry points beyond the bytes.
                let end = header.entries.last?.range.upperBound ?? 0
                #expect(header.bodyOffset + end == bytes.count)
                for entry in header.entries { #expect(entry.count * entry.type.bits == entry.range.count * 8) }
            case .failure(let defect):
                refused += 1
                #expect(!defect.description.isEmpty)
            }
        }
        // The damage must be mild enough that some files stay right, and real enough that most do not.
        #expect(accepted > Self.count / 100 && refused > Self.count / 2, "\(accepted) accepted, \(refused) refused")
    }

    /// A file made from a seed by up to four changes of its header, sometimes with a wrong length or body.
    private func damaged(_ generator: inout Generator) -> [UInt8] {
        var header = Array(Self.seeds[Int.random(in: 0..<Self.seeds.count, using: &generator)].utf8)
        for _ in 0..<Int.random(in: 0...4, using: &generator) {
            let place = Int.random(in: 0..<header.count, using: &generator)
            switch Int.random(in: 0..<6, using: &generator) {
            case 0: header[place] = UInt8.random(in: 0...255, using: &generator)
            case 1: header[place] = UInt8(ascii: "0") + UInt8.random(in: 0...9, using: &generator)
            case 2 where header.count > 1: header.remove(at: place)
            case 3:
                let piece = Self.pieces[Int.random(in: 0..<Self.pieces.count, using: &generator)]
                header.replaceSubrange(place..<min(place + piece.utf8.count, header.count), with: Array(piece.utf8))
            case 4:
                let piece = Self.pieces[Int.random(in: 0..<Self.pieces.count, using: &generator)]
                header.insert(contentsOf: Array(piece.utf8), at: place)
            default: header.removeSubrange(place..<min(place + 9, header.count))
            }
            if header.isEmpty { header = [UInt8(ascii: "{")] }
        }
        var length = UInt64(header.count)
        if Int.random(in: 0..<20, using: &generator) == 0 {
            length = generator.next() >> UInt64.random(in: 0...63, using: &generator)
        }
        let body = [12, 24, 32, 32, 32, 0][Int.random(in: 0..<6, using: &generator)]
        let bytes = withUnsafeBytes(of: length.littleEndian) { Array($0) } + header + [UInt8](repeating: 0, count: body)
        return Int.random(in: 0..<50, using: &generator) == 0
            ? Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &generator))) : bytes
    }
}
