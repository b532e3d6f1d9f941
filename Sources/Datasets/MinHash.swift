// MinHash (Broder, 1997): short signatures that estimate the similarity of two texts.

/// The signature of a text's pairs of adjacent words, and the band keys that similar texts share.
///
/// 24 bands of 5 hashes: two texts that share four fifths of their word pairs (20 words, one changed) share a band with
/// probability 0.99997, two texts that share a half with probability 0.53.
package enum MinHash {
    package static let bandCount = 24
    package static let rowsPerBand = 5
    package static let hashCount = bandCount * rowsPerBand
    /// Texts with fewer words have no signature, because one changed word changes too much of them.
    package static let fewestWords = 5
    /// Texts are near duplicates from this share of common word pairs.
    package static let threshold = 0.7

    /// Odd factors and offsets of the hash functions.
    private static let functions: (factors: [UInt32], summands: [UInt32]) = {
        var state: UInt64 = 0x6C75_7468_6965_7231
        func next() -> UInt32 {
            state = TextHash.combine(state, 0x9E37_79B9)
            return UInt32(truncatingIfNeeded: state >> 16)
        }
        return ((0..<hashCount).map { _ in next() | 1 }, (0..<hashCount).map { _ in next() })
    }()

    /// Computes a text's signature and bands.
    ///
    /// - Parameters:
    ///   - words: hashes of the words in order; at least `fewestWords`.
    ///   - signature: `hashCount` bytes, the low byte of each minimum; appended.
    ///   - bands: `bandCount` keys; appended.
    package static func append(words: [UInt64], signature: inout [UInt8], bands: inout [UInt32]) {
        var minima = [UInt32](repeating: .max, count: hashCount)
        let (factors, summands) = functions
        minima.withUnsafeMutableBufferPointer { minima in
            for index in 1..<max(words.count, 1) {
                let pair = TextHash.combine(words[index - 1], words[index])
                // The high bits of a product are mixed best, so use both halves.
                let value = UInt32(truncatingIfNeeded: pair ^ (pair >> 32))
                for place in 0..<hashCount {
                    let product = value &* factors[place] &+ summands[place]
                    minima[place] = min(minima[place], product)
                }
            }
        }
        for minimum in minima { signature.append(UInt8(truncatingIfNeeded: (minimum &* 0x9E37_79B1) >> 24)) }
        for band in 0..<bandCount {
            var key = UInt64(band)
            for place in band * rowsPerBand..<(band + 1) * rowsPerBand {
                key = TextHash.combine(key, UInt64(minima[place]))
            }
            bands.append(UInt32(truncatingIfNeeded: key))
        }
    }

    /// The share of word pairs that two texts have in common, estimated from their signatures (standard deviation about
    /// 0.04 at the threshold). Corrected for bytes that agree by chance, one in 256.
    package static func similarity(_ left: UnsafePointer<UInt8>, _ right: UnsafePointer<UInt8>) -> Double {
        var equal = 0
        for place in 0..<hashCount { equal += left[place] == right[place] ? 1 : 0 }
        return (Double(equal) / Double(hashCount) - 1.0 / 256) / (255.0 / 256)
    }
}
