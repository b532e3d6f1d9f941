// How much a template may ask for.

/// Bounds of reading and rendering. A template of a model needs a small part of each.
package struct JinjaBounds: Sendable, Equatable {
    /// Bytes of the template.
    package var templateBytes = 256 << 10
    /// Tags and brackets inside each other.
    package var nesting = 64
    /// Expressions and tags evaluated, and characters and elements handled, several of which count as one step.
    package var steps = 10_000_000
    /// Rounds of all loops together.
    package var iterations = 1_000_000
    /// Characters of the output, and of every text on the way to it.
    package var textLength = 16 << 20
    /// Expressions, tags and macros that are being evaluated at one time.
    package var evaluationDepth = 160
    /// Lists and mappings inside each other.
    package var valueDepth = 64
    /// Numbers of one `range`, as in Jinja's sandbox.
    package var rangeLength = 100_000

    package init() {}
}
