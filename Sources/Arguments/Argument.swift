// `@Argument`: a positional value, `luthier inspect PATH`.

/// A positional value: required, with a default, optional, or (last one only) an array of all remaining words.
@propertyWrapper
package struct Argument<Value>: ArgumentField {
    private let slot: Slot<Value>
    private let makeDefinition: (String, Slot<Value>) -> ArgumentDefinition

    package var wrappedValue: Value {
        get { slot.read("Argument") }
        nonmutating set { slot.value = newValue }
    }

    func definition(property: String) -> ArgumentDefinition { makeDefinition(property, slot) }

    private init(_ value: Value?, _ shape: ValueShape<Value>, _ help: ArgumentHelp?) {
        slot = Slot(value)
        makeDefinition = { property, slot in
            shape.definition(.positional, slot: slot, property: property, help: help)
        }
    }

    /// A required argument.
    package init(help: ArgumentHelp? = nil) where Value: ExpressibleByArgument {
        self.init(nil, .single(), help)
    }

    /// An argument with a default.
    package init(wrappedValue: Value, help: ArgumentHelp? = nil) where Value: ExpressibleByArgument {
        self.init(wrappedValue, .single(), help)
    }

    /// An argument that is nil when omitted.
    package init<Wrapped: ExpressibleByArgument>(help: ArgumentHelp? = nil) where Value == Wrapped? {
        self.init(.some(nil), .optional(), help)
    }

    /// An argument that is nil when omitted, written `= nil`.
    package init<Wrapped: ExpressibleByArgument>(wrappedValue: Wrapped?, help: ArgumentHelp? = nil)
    where Value == Wrapped? {
        self.init(.some(wrappedValue), .optional(), help)
    }

    /// One or more words.
    package init<Element: ExpressibleByArgument>(help: ArgumentHelp? = nil) where Value == [Element] {
        self.init(nil, .array(), help)
    }

    /// Any number of words; given words replace the default.
    package init<Element: ExpressibleByArgument>(wrappedValue: [Element], help: ArgumentHelp? = nil)
    where Value == [Element] {
        self.init(wrappedValue, .array(), help)
    }
}
