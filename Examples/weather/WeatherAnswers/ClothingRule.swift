// Which clothes fit which weather: the rule that the data follows, as data/README.md states it.

/// The advice on clothes.
enum ClothingRule {
    private enum Warmth: CaseIterable {
        case cold, cool, mild, warm

        init(_ temperature: WeatherExpectation.Temperature) {
            let limits = temperature.unit == .fahrenheit ? [42, 60, 75] : [6, 16, 24]
            let band = limits.firstIndex { temperature.value < $0 } ?? limits.count
            self = Warmth.allCases[band]
        }

        var clothes: [String] {
            switch self {
            case .cold: ["coat", "parka", "gloves", "mittens", "scarf"]
            case .cool: ["jacket", "sweater", "hoodie", "cardigan"]
            case .mild: ["long sleeves", "light layer", "light layers"]
            case .warm: ["T-shirt", "T-shirts", "shorts"]
            }
        }
    }

    private static let rainGear = ["umbrella", "raincoat", "rain coat", "rain jacket"]
    private static let snowGear = ["boots"]
    private static let sunGear = ["sunglasses", "sunscreen"]
    private static let wet: Set<String> = ["drizzly", "rainy", "stormy"]

    /// What the advice of an answer is worth in this weather.
    static func check(
        _ answer: AnswerText, condition: String, temperature: WeatherExpectation.Temperature
    ) -> WeatherFinding {
        let warmth = Warmth(temperature)
        let unfit = Warmth.allCases.filter { $0 != warmth }.flatMap(\.clothes)
        let isWet = wet.contains(condition)
        var unwanted = unfit
        if !isWet { unwanted += rainGear }
        if condition != "snowy" { unwanted += snowGear }
        if condition != "sunny" { unwanted += sunGear }
        if let item = answer.first(of: unwanted) { return WeatherFinding(.clothing, .wrong, found: item) }
        let hasClothes = answer.containsAny(warmth.clothes)
        let hasGear = (!isWet || answer.containsAny(rainGear)) && (condition != "snowy" || answer.containsAny(snowGear))
        if hasClothes && hasGear { return WeatherFinding(.clothing, .right) }
        let hasAny = hasClothes || answer.containsAny(rainGear + snowGear + sunGear)
        return WeatherFinding(.clothing, hasAny ? .wrong : .missing)
    }
}
