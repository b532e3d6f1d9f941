// How words become the value of an option or argument: one value, an optional value, or several.

import StrictJSON

/// How words become the value of one property.
struct ValueShape<Value> {
    let isRepeating: Bool
    let allowedValues: [String]
    let valueKind: String
    /// The default as text for the help; nil to show nothing.
    let describe: (Value) -> String?
    /// Parses a word into the slot; false if the word is invalid.
    let accept: (String, Slot<Value>) -> Bool

    func definition(
        _ kind: ArgumentDefinition.Kind, slot: Slot<Value>, property: String, help: ArgumentHelp?
    ) -> ArgumentDefinition {
        let valueName = help?.valueName ?? kebabCase(property)
        let choice = allowedValues.isEmpty ? CompletionKind(valueName: valueName) : .words(allowedValues)
        return ArgumentDefinition(
            kind: kind,
            valueName: valueName,
            help: help?.abstract ?? "",
            isRequired: slot.value == nil,
            isRepeating: isRepeating,
            defaultText: help?.defaultText ?? slot.value.flatMap(describe),
            allowedValues: allowedValues,
            valueKind: valueKind,
            completion: help?.completion ?? choice,
            acceptValue: { word in
                guard accept(word, slot) else { return false }
                slot.isGiven = true
                return true
            })
    }
}

extension ValueShape where Value: ExpressibleByArgument {
    static func single() -> ValueShape {
        ValueShape(
            isRepeating: false, allowedValues: Value.allValueStrings, valueKind: Value.valueKind,
            describe: { $0.defaultValueDescription.isEmpty ? nil : $0.defaultValueDescription },
            accept: { word, slot in
                guard let value = Value(argument: word) else { return false }
                slot.value = value
                return true
            })
    }
}

extension ValueShape {
    static func optional<Wrapped: ExpressibleByArgument>() -> ValueShape where Value == Wrapped? {
        ValueShape(
            isRepeating: false, allowedValues: Wrapped.allValueStrings, valueKind: Wrapped.valueKind,
            describe: { $0?.defaultValueDescription },
            accept: { word, slot in
                guard let value = Wrapped(argument: word) else { return false }
                slot.value = .some(value)
                return true
            })
    }

    static func array<Element: ExpressibleByArgument>() -> ValueShape where Value == [Element] {
        ValueShape(
            isRepeating: true, allowedValues: Element.allValueStrings, valueKind: Element.valueKind,
            describe: { $0.isEmpty ? nil : $0.map(\.defaultValueDescription).joined(separator: ", ") },
            accept: { word, slot in
                guard let value = Element(argument: word) else { return false }
                // The first given value replaces the default; later ones are appended.
                slot.value = slot.isGiven ? (slot.value ?? []) + [value] : [value]
                return true
            })
    }
}
