// The settings of a preparation.

import Datasets
import Tokenizer

/// Inputs, how to read them, and how to split them.
package struct PreparationRequest: Sendable {
    /// Files and folders.
    package var inputs: [String]
    /// Files and folders with validation and test rows, whatever their names.
    package var validation: [String] = []
    package var test: [String] = []
    package var text = TextCut.auto
    package var options = RowOptions()
    package var columns: ColumnChoice {
        get { options.columns }
        set { options.columns = newValue }
    }
    /// Counts tokens; nil to train one on the inputs, as training from scratch does.
    package var tokenizer: Tokenizer?
    /// T of the model to train.
    package var contextLength = 256
    /// Whether a chat template frames prompts and completions, so that they need no marks.
    package var framesPairs = false
    package var shares = SplitShares()
    package var findsNearDuplicates = true

    package init(inputs: [String]) {
        self.inputs = inputs
        options.keepsHarmless = true
    }
}
