// One step of training.

/// A merge that training chose: the pair, the id of the new token, and how often the pair stood in the text then.
package struct LearnedMerge: Sendable, Equatable {
    package let left: Int32
    package let right: Int32
    package let id: Int32
    package let count: Int

    package init(left: Int32, right: Int32, id: Int32, count: Int) {
        self.left = left
        self.right = right
        self.id = id
        self.count = count
    }
}
