// Chooses one GGUF file of a repository by the type in its name.

package enum GGUFChoice {
    /// Whether a file's name says this type: `model-Q4_K_M.gguf` and `model.q4_k_m.gguf` say `Q4_K_M`, not `Q4_K`.
    package static func file(_ name: String, has label: String) -> Bool {
        guard name.lowercased().hasSuffix(".gguf") else { return false }
        let (stem, wanted) = (name.dropLast(5).lowercased(), label.lowercased())
        guard stem.hasSuffix(wanted) else { return false }
        let before = stem.dropLast(wanted.count).last
        return before == nil || before == "-" || before == "."
    }

    /// Whether the file is one of several that make a model.
    static func isPart(_ name: String) -> Bool {
        let parts = name.lowercased().dropLast(5).split(separator: "-")
        return parts.count > 3 && parts[parts.count - 2] == "of" && parts[parts.count - 3].allSatisfy(\.isNumber)
    }
}
