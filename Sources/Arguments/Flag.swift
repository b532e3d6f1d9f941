// `@Flag`: a switch without a value, `--json`.

/// How a flag can be switched off.
package enum FlagInversion: Sendable {
    /// `--name` switches it on, `--no-name` off.
    case prefixedNo
}

/// A switch: off unless its name is given. With an inversion, its initial value is the default.
@propertyWrapper
package struct Flag: ArgumentField {
    private let slot: Slot<Bool>
    private let name: NameSpecification
    private let inversion: FlagInversion?
    private let help: ArgumentHelp?

    package var wrappedValue: Bool {
        get { slot.read("Flag") }
        nonmutating set { slot.value = newValue }
    }

    package init(wrappedValue: Bool = false, name: NameSpecification = .long, help: ArgumentHelp? = nil) {
        self.init(wrappedValue, name, nil, help)
    }

    package init(
        wrappedValue: Bool, name: NameSpecification = .long, inversion: FlagInversion, help: ArgumentHelp? = nil
    ) {
        self.init(wrappedValue, name, inversion, help)
    }

    private init(_ value: Bool, _ name: NameSpecification, _ inversion: FlagInversion?, _ help: ArgumentHelp?) {
        slot = Slot(value)
        self.name = name
        self.inversion = inversion
        self.help = help
    }

    func definition(property: String) -> ArgumentDefinition {
        let names = name.names(property: property)
        let slot = slot
        var definition = ArgumentDefinition(kind: .flag, names: names, help: help?.abstract ?? "")
        if inversion == .prefixedNo {
            definition.negativeNames = names.filter { $0.hasPrefix("--") }.map { "--no-" + $0.dropFirst(2) }
            definition.defaultText = slot.value == true ? "on" : "off"
        }
        definition.acceptFlag = { slot.value = $0 }
        return definition
    }
}
