// A token that is found in a text before the text is cut.

/// A token next to the model's vocabulary, as Hugging Face's tokenizers know it.
package struct AddedToken: Sendable, Equatable {
    package var id: Int
    /// What is looked for, in UTF-8.
    package var content: [UInt8]
    /// It stands for no text: it is found only where the caller asks for special tokens.
    package var isSpecial: Bool
    /// White space before it becomes part of it.
    package var stripsLeft: Bool
    /// White space behind it becomes part of it.
    package var stripsRight: Bool
    /// It is found only where no letter, digit, mark or underscore stands next to it.
    package var isSingleWord: Bool
    /// Its normalized form is looked for in the normalized text, after all others.
    package var isNormalized: Bool
    /// The model's vocabulary has it too, so merges may make it.
    var isInModel: Bool

    init(
        id: Int, content: [UInt8], isSpecial: Bool, stripsLeft: Bool = false, stripsRight: Bool = false,
        isSingleWord: Bool = false, isNormalized: Bool = false, isInModel: Bool = false
    ) {
        self.id = id
        self.content = content
        self.isSpecial = isSpecial
        self.stripsLeft = stripsLeft
        self.stripsRight = stripsRight
        self.isSingleWord = isSingleWord
        self.isNormalized = isNormalized
        self.isInModel = isInModel
    }
}
