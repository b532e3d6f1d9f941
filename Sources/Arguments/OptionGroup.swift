// `@OptionGroup`: options that several commands share.

/// Options declared in a separate type and included in a command; with a title they get their own help section.
@propertyWrapper
package struct OptionGroup<Value: ParsableArguments>: ArgumentFieldGroup {
    private let slot: Slot<Value>
    let title: String?

    package var wrappedValue: Value {
        get { slot.read("OptionGroup") }
        nonmutating set { slot.value = newValue }
    }

    package init(title: String? = nil) {
        slot = Slot(Value())
        self.title = title
    }

    var members: any ParsableArguments { wrappedValue }

    func validateMembers() throws(ValidationError) {
        try validateAll(&wrappedValue)
    }
}

/// Validates the groups in `arguments`, then `arguments` itself.
func validateAll<Arguments: ParsableArguments>(_ arguments: inout Arguments) throws(ValidationError) {
    for child in Mirror(reflecting: arguments).children {
        if let group = child.value as? any ArgumentFieldGroup { try group.validateMembers() }
    }
    try arguments.validate()
}
