// `@Option`: a named value, `--batch-size 8`.

/// A named value. The property's type decides the rest: with a default it may be omitted, an optional is nil when
/// omitted, an array may be repeated, and anything else is required.
@propertyWrapper
package struct Option<Value>: ArgumentField {
    private let slot: Slot<Value>
    private let makeDefinition: (String, Slot<Value>) -> ArgumentDefinition

    package var wrappedValue: Value {
        get { slot.read("Option") }
        nonmutating set { slot.value = newValue }
    }

    func definition(property: String) -> ArgumentDefinition { makeDefinition(property, slot) }

    private init(
        _ value: Value?, _ shape: ValueShape<Value>, _ name: NameSpecification, _ help: ArgumentHelp?
    ) {
        slot = Slot(value)
        makeDefinition = { property, slot in
            var definition = shape.definition(.option, slot: slot, property: property, help: help)
            definition.names = name.names(property: property)
            return definition
        }
    }

    /// A required option.
    package init(name: NameSpecification = .long, help: ArgumentHelp? = nil) where Value: ExpressibleByArgument {
        self.init(nil, .single(), name, help)
    }

    /// An option with a default.
    package init(wrappedValue: Value, name: NameSpecification = .long, help: ArgumentHelp? = nil)
    where Value: ExpressibleByArgument {
        self.init(wrappedValue, .single(), name, help)
    }

    /// An option that is nil when omitted.
    package init<Wrapped: ExpressibleByArgument>(name: NameSpecification = .long, help: ArgumentHelp? = nil)
    where Value == Wrapped? {
        self.init(.some(nil), .optional(), name, help)
    }

    /// An option that is nil when omitted, written `= nil`.
    package init<Wrapped: ExpressibleByArgument>(
        wrappedValue: Wrapped?, name: NameSpecification = .long, help: ArgumentHelp? = nil
    ) where Value == Wrapped? {
        self.init(.some(wrappedValue), .optional(), name, help)
    }

    /// An option that may be repeated and must be given at least once.
    package init<Element: ExpressibleByArgument>(name: NameSpecification = .long, help: ArgumentHelp? = nil)
    where Value == [Element] {
        self.init(nil, .array(), name, help)
    }

    /// An option that may be repeated; given values replace the default.
    package init<Element: ExpressibleByArgument>(
        wrappedValue: [Element], name: NameSpecification = .long, help: ArgumentHelp? = nil
    ) where Value == [Element] {
        self.init(wrappedValue, .array(), name, help)
    }
}
