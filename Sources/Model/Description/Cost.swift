// How much arithmetic a model needs.

extension Architecture {
    /// Multiplications and additions that training needs for a token: 6 for each weight that takes part in a matrix
    /// product of forward and backward (the head's counted whether tied or not), and 6 · H · D · T for each block's
    /// causal attention, in which a position sees half of the others on average (the count of llm.c). A window limits
    /// what a position sees.
    ///
    /// - Parameter isFrozen: with adapters the weights' own gradient, a third of the products, is not computed.
    package func trainingFlopsPerToken(sequenceLength T: Int, isFrozen: Bool = false) -> Double {
        let C = Double(modelWidth)
        var weights = Double(vocabularySize) * C
        var attended = 0.0
        for block in blocks {
            let attention = block.attention
            weights += C * Double(attention.inputWidth + attention.queryWidth)
            weights += C * Double(block.feedForward.inputWidth + block.feedForward.width)
            attended += Double(attention.queryWidth) * Double(T)
        }
        return (isFrozen ? 4 : 6) * weights + 6 * attended
    }
}
