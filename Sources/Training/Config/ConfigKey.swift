// One config key: its path, allowed values, default, meaning, and how it is read and written.

import Conversations
import Datasets
import StrictJSON

/// An entry of the list that defines the config's documentation, parser and writer.
package struct ConfigKey: Sendable {
    /// `training.learningRate`.
    package let path: String
    /// Allowed values: `integer from 1`, `one of constant, linear, cosine`.
    package let values: String
    /// The default, as a phrase if it depends on other values.
    package let defaultText: String
    /// One sentence, also the help of the key's flag.
    package let meaning: String
    /// Stores a value. Returns false if its type or range is wrong.
    let assign: @Sendable (JSONNode, inout RunConfig) -> Bool
    /// The value as JSON.
    let value: @Sendable (RunConfig) -> JSONOutput
    /// Whether a config without the key is written where it has its default: the files of earlier versions stay as they
    /// were.
    package private(set) var omitsDefault = false

    /// The same key, written only where it differs from its default.
    func omittingDefault() -> ConfigKey {
        var copy = self
        copy.omitsDefault = true
        return copy
    }

    /// Whether the key is written for this config.
    func isWritten(_ config: RunConfig) -> Bool {
        !omitsDefault || value(config).serialized() != value(RunConfig()).serialized()
    }

    /// Copies the key's value from one config to another.
    func copy(_ source: RunConfig, _ target: inout RunConfig) {
        guard let node = try? JSONText.parse(value(source).serialized()) else { return }
        _ = assign(node, &target)
    }

    /// The key's group: `training`.
    package var section: String { String(path.prefix { $0 != "." }) }
}

extension ConfigKey {
    typealias Path<Value> = WritableKeyPath<RunConfig, Value> & Sendable

    static func integer(
        _ path: String, _ target: any Path<Int>, from minimum: Int = 0, to maximum: Int = 1 << 40, _ meaning: String
    ) -> ConfigKey {
        ConfigKey(
            path: path, values: range("integer", minimum, maximum), defaultText: "\(RunConfig()[keyPath: target])",
            meaning: meaning,
            assign: { node, config in
                guard let value = node.integer, value >= minimum, value <= maximum else { return false }
                config[keyPath: target] = value
                return true
            }, value: { .integer($0[keyPath: target]) })
    }

    static func optionalInteger(
        _ path: String, _ target: any Path<Int?>, from minimum: Int = 1, to maximum: Int = 1 << 40,
        defaultText: String, _ meaning: String
    ) -> ConfigKey {
        ConfigKey(
            path: path, values: range("integer", minimum, maximum) + " or null", defaultText: defaultText,
            meaning: meaning,
            assign: { node, config in
                if node.isNull {
                    config[keyPath: target] = nil
                    return true
                }
                guard let value = node.integer, value >= minimum, value <= maximum else { return false }
                config[keyPath: target] = value
                return true
            }, value: { $0[keyPath: target].map { .integer($0) } ?? .null })
    }

    /// A number in the range that `contains` checks and `values` describes.
    static func number(
        _ path: String, _ target: any Path<Double>, _ values: String, _ meaning: String,
        where contains: @escaping @Sendable (Double) -> Bool
    ) -> ConfigKey {
        ConfigKey(
            path: path, values: values, defaultText: "\(RunConfig()[keyPath: target])", meaning: meaning,
            assign: { node, config in
                guard let value = node.number, value.isFinite, contains(value) else { return false }
                config[keyPath: target] = value
                return true
            }, value: { .number($0[keyPath: target]) })
    }

    static func optionalNumber(
        _ path: String, _ target: any Path<Double?>, _ values: String, defaultText: String, _ meaning: String,
        where contains: @escaping @Sendable (Double) -> Bool
    ) -> ConfigKey {
        ConfigKey(
            path: path, values: values + " or null", defaultText: defaultText, meaning: meaning,
            assign: { node, config in
                if node.isNull {
                    config[keyPath: target] = nil
                    return true
                }
                guard let value = node.number, value.isFinite, contains(value) else { return false }
                config[keyPath: target] = value
                return true
            }, value: { $0[keyPath: target].map { .number($0) } ?? .null })
    }

    static func flag(_ path: String, _ target: any Path<Bool>, _ meaning: String) -> ConfigKey {
        ConfigKey(
            path: path, values: "true or false", defaultText: "\(RunConfig()[keyPath: target])", meaning: meaning,
            assign: { node, config in
                guard let value = node.bool else { return false }
                config[keyPath: target] = value
                return true
            }, value: { .bool($0[keyPath: target]) })
    }

    static func optionalText(
        _ path: String, _ target: any Path<String?>, _ values: String, defaultText: String, _ meaning: String
    ) -> ConfigKey {
        ConfigKey(
            path: path, values: values + " or null", defaultText: defaultText, meaning: meaning,
            assign: { node, config in
                guard node.isNull || node.string?.isEmpty == false else { return false }
                config[keyPath: target] = node.string
                return true
            }, value: { $0[keyPath: target].map { .string($0) } ?? .null })
    }

    static func choice(_ path: String, _ target: any Path<String>, _ choices: [String], _ meaning: String) -> ConfigKey
    {
        ConfigKey(
            path: path, values: "one of " + choices.joined(separator: ", "),
            defaultText: RunConfig()[keyPath: target], meaning: meaning,
            assign: { node, config in
                guard let value = node.string, choices.contains(value) else { return false }
                config[keyPath: target] = value
                return true
            }, value: { .string($0[keyPath: target]) })
    }

    static func choice<Choice: RawRepresentable<String> & CaseIterable & SendableMetatype>(
        _ path: String, _ target: any Path<Choice>, _ meaning: String
    ) -> ConfigKey {
        ConfigKey(
            path: path, values: "one of " + Choice.allCases.map(\.rawValue).joined(separator: ", "),
            defaultText: RunConfig()[keyPath: target].rawValue, meaning: meaning,
            assign: { node, config in
                guard let value = node.string.flatMap({ Choice(rawValue: $0) }) else { return false }
                config[keyPath: target] = value
                return true
            }, value: { .string($0[keyPath: target].rawValue) })
    }

    static func integers(
        _ path: String, _ target: any Path<[Int]>, to maximum: Int, _ meaning: String
    ) -> ConfigKey {
        ConfigKey(
            path: path, values: "list of integers from 0 to \(maximum)", defaultText: "[]", meaning: meaning,
            assign: { node, config in
                guard let list = node.array else { return false }
                let numbers = list.compactMap(\.integer).filter { 0...maximum ~= $0 }
                guard numbers.count == list.count else { return false }
                config[keyPath: target] = numbers
                return true
            }, value: { .array($0[keyPath: target].map { .integer($0) }) })
    }

    /// A list of texts, or a single text.
    static func texts(_ path: String, _ target: any Path<[String]>, _ values: String, _ meaning: String) -> ConfigKey {
        ConfigKey(
            path: path, values: values, defaultText: list(RunConfig()[keyPath: target]).serialized(), meaning: meaning,
            assign: { node, config in
                if let one = node.string, !one.isEmpty {
                    config[keyPath: target] = [one]
                    return true
                }
                guard let list = node.array else { return false }
                let texts = list.compactMap(\.string).filter { !$0.isEmpty }
                guard texts.count == list.count else { return false }
                config[keyPath: target] = texts
                return true
            }, value: { list($0[keyPath: target]) })
    }

    private static func list(_ texts: [String]) -> JSONOutput { .array(texts.map { .string($0) }) }

    /// A template, or `base` for the base's own.
    static func template(
        _ path: String, _ target: any Path<ChatTemplate?>, asksForBase: any Path<Bool>, _ meaning: String
    ) -> ConfigKey {
        let names = ChatTemplate.named.map(\.name).joined(separator: ", ")
        return ConfigKey(
            path: path,
            values: "base, one of \(names), or an object with system, user, assistant, answerLead, stop or with jinja, "
                + "or null",
            defaultText:
                "base if it has one, otherwise for conversations tokens if the tokenizer is trained here, else chat "
                + "for chat rows and instruction for instruction rows, else raw",
            meaning: meaning,
            assign: { node, config in
                config[keyPath: asksForBase] = node.string == "base"
                guard !node.isNull, node.string != "base" else {
                    config[keyPath: target] = nil
                    return true
                }
                guard let template = ChatTemplate(node) else { return false }
                config[keyPath: target] = template
                return true
            },
            value: { $0[keyPath: asksForBase] ? "base" : $0[keyPath: target]?.json ?? .null })
    }

    /// Earlier plans of a schedule, in order.
    static func plans(
        _ path: String, _ target: any Path<[LearningRateSchedule.EarlierPlan]>, _ meaning: String
    ) -> ConfigKey {
        ConfigKey(
            path: path, values: "list of objects with schedule, steps, cooldownFraction and until, in ascending order",
            defaultText: "[]", meaning: meaning,
            assign: { node, config in
                guard let list = node.array else { return false }
                let plans = list.compactMap { LearningRateSchedule.EarlierPlan($0) }
                let ends = [0] + plans.map(\.until)
                guard plans.count == list.count, zip(ends, ends.dropFirst()).allSatisfy(<) else { return false }
                config[keyPath: target] = plans
                return true
            }, value: { .array($0[keyPath: target].map(\.json)) })
    }

    private static func range(_ noun: String, _ minimum: Int, _ maximum: Int) -> String {
        maximum == 1 << 40 ? "\(noun) from \(minimum)" : "\(noun) from \(minimum) to \(maximum)"
    }
}

extension LearningRateSchedule.EarlierPlan {
    /// More steps than any run takes; from them the schedule makes sums and products.
    private static let steps = 1...(1 << 40)

    fileprivate init?(_ node: JSONNode) {
        guard let object = node.object, object.members.count == 4,
            let shape = object["schedule"]?.string.flatMap({ LearningRateSchedule.Shape(rawValue: $0) }),
            let steps = object["steps"]?.integer, LearningRateSchedule.EarlierPlan.steps.contains(steps),
            let until = object["until"]?.integer, LearningRateSchedule.EarlierPlan.steps.contains(until),
            let fraction = object["cooldownFraction"]?.number, fraction > 0, fraction <= 1
        else { return nil }
        self.init(plan: .init(shape: shape, totalSteps: steps, cooldownFraction: fraction), until: until)
    }

    fileprivate var json: JSONOutput {
        .object([
            ("schedule", .string(plan.shape.rawValue)), ("steps", .integer(plan.totalSteps)),
            ("cooldownFraction", .number(plan.cooldownFraction)), ("until", .integer(until)),
        ])
    }
}
