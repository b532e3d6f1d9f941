// The settings of a preparation.

import Tokenizer

/// Inputs, how to read them, and how to split them.
public struct PreparationRequest: Sendable {
    /// Files and folders.
    public var inputs: [String]
    /// Files and folders with validation and test rows, whatever their names.
    public var validation: [String] = []
    public var test: [String] = []
    public var text = TextCut.auto
    public var columns = ColumnChoice()
    /// Counts tokens; nil to train one on the inputs, as training from scratch does.
    public var tokenizer: Tokenizer?
    /// T of the model to train.
    public var contextLength = 256
    public var shares = SplitShares()
    public var findsNearDuplicates = true

    public init(inputs: [String]) { self.inputs = inputs }
}
