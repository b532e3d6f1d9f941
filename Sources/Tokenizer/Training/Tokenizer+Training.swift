// Making a tokenizer from texts.

import Foundation

extension Tokenizer {
    /// The 256 bytes and the end of a text.
    package static let smallestTrainedVocabulary = 257

    /// Learns a vocabulary by byte-pair encoding.
    ///
    /// Ids 0 … 255 are the bytes, then come the merged tokens in the order in which they were learned, and
    /// `<|endoftext|>` is last. Each step merges the most frequent pair of neighbouring tokens; of equally frequent
    /// pairs the one that stands first in the texts, as they are merged by then. Overlapping pairs all count: `aaa`
    /// holds two of `aa`. A text's end is never inside a pair. The result does not depend on `threads`.
    ///
    /// Training stops before `vocabularySize` where no pair is left that stands in the texts twice and makes a token
    /// of at most 1,024 bytes; the result's `vocabularySize` says how far it came.
    ///
    /// - Parameters:
    ///   - texts: any bytes, together fewer than 2³¹.
    ///   - vocabularySize: from 257 to 1,048,576.
    ///   - threads: 0 means all cores.
    package static func train(
        on texts: [[UInt8]], vocabularySize: Int, split: Split = .gpt2, specials: [String] = [], threads: Int = 0
    ) throws(TokenizerError) -> Tokenizer {
        let learned = try learnMerges(
            from: texts, vocabularySize: vocabularySize - specials.count, split: split, threads: threads)
        return Tokenizer(learned: learned, split: split, specials: specials)
    }

    /// The steps of `train` in their order, with the counts by which they were chosen.
    package static func learnMerges(
        from texts: [[UInt8]], vocabularySize: Int, split: Split, threads: Int
    ) throws(TokenizerError) -> [LearnedMerge] {
        guard (smallestTrainedVocabulary...Vocabulary.mostTokens).contains(vocabularySize) else {
            throw .vocabularySizeOutOfRange(
                vocabularySize, smallest: smallestTrainedVocabulary, largest: Vocabulary.mostTokens)
        }
        // Places in the texts are 32 bits wide, and each text takes one more than its bytes.
        let total = texts.reduce(0) { $0 + $1.count }
        let limit = Int(Int32.max) - texts.count
        guard total < limit else { throw .trainingTextTooLong(bytes: total, limit: limit) }
        let wanted = threads > 0 ? threads : ProcessInfo.processInfo.activeProcessorCount
        var trainer = BytePairTrainer(TrainingPieces(texts: texts, split: split, threads: min(wanted, 256)))
        return trainer.learn(limit: vocabularySize - smallestTrainedVocabulary)
    }
}
