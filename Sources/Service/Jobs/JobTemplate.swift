// Which texts a job puts around its rows.

import Conversations
import Datasets

/// Decided once for the check of the data, for training, and for the view of a row before both.
struct JobTemplate {
    /// Whether prompts are continued as they are.
    let isRaw: Bool
    let template: ChatTemplate
    /// Whether prompts and completions become the turns of a chat.
    let makesTurns: Bool

    /// The older interface continues prompts. In the newer one a model with a chat template is asked in a chat, and one that
    /// has learned bare prompts would answer with nothing there.
    ///
    /// - Parameters:
    ///   - document: the first row of a file, whose rows all have one shape.
    ///   - base: the base's template; nil for a model of plain text.
    init(_ document: Document, base: ChatTemplate?, isLegacy: Bool) {
        let hasPrompts = document.row == .promptCompletion
        isRaw = hasPrompts && (isLegacy || base == nil)
        makesTurns = hasPrompts && !isRaw
        template = isRaw ? .raw : base ?? document.defaultTemplate ?? .raw
    }
}
