// What a person asks of a preparation.

import Tokenizer

/// Inputs, how they are to be read, and how they are to be divided.
public struct PreparationRequest: Sendable {
    /// Files and folders.
    public var inputs: [String]
    /// Files and folders whose rows are for validation, and for test, whatever their names.
    public var validation: [String] = []
    public var test: [String] = []
    public var text = TextCut.auto
    public var columns = ColumnChoice()
    /// Counts tokens; nil for one that is learned from the inputs, as a training from nothing would.
    public var tokenizer: Tokenizer?
    /// T of the model that is to be trained.
    public var contextLength = 256
    public var shares = SplitShares()
    public var findsNearDuplicates = true

    public init(inputs: [String]) { self.inputs = inputs }
}
