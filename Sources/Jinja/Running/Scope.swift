// The variables of a part of a template, and of the parts around it.

/// Variables by the numbers of their names. A loop's round, a macro's call and a block have scopes of their own.
package final class Scope {
    let parent: Scope?
    private var names: [Int] = []
    private var values: [JinjaValue] = []

    init(parent: Scope?) { self.parent = parent }

    /// The value of a variable here or further out.
    func value(of name: Int) -> JinjaValue? {
        var scope: Scope? = self
        while let current = scope {
            if let place = current.names.firstIndex(of: name) { return current.values[place] }
            scope = current.parent
        }
        return nil
    }

    func set(_ name: Int, _ value: JinjaValue) {
        if let place = names.firstIndex(of: name) {
            values[place] = value
        } else {
            names.append(name)
            values.append(value)
        }
    }

    /// Forgets all variables. A macro knows the scope that knows it, so that a scope that ends must let go of it.
    func end() {
        names = []
        values = []
    }
}
