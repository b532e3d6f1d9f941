// Single answers written by hand: units, signs, names within names, "not", and which place is the warmer one.

import Testing
import WeatherAnswers

/// The expected verdict on one slot of one answer.
struct AnswerCase: Sendable, CustomTestStringConvertible {
    let answer: String
    let slot: WeatherSlot
    let outcome: WeatherFinding.Outcome?

    init(_ answer: String, _ slot: WeatherSlot, _ outcome: WeatherFinding.Outcome?) {
        self.answer = answer
        self.slot = slot
        self.outcome = outcome
    }

    var testDescription: String { "\(slot.rawValue) of “\(answer)”" }
}

@Suite struct AnswerTests {
    @Test(arguments: [
        AnswerCase("It's sunny and 76°F in York right now.", .place, .right),
        AnswerCase("York is sunny at 76°F.", .place, .right),
        AnswerCase("York's weather is sunny at 76°F.", .place, .right),
        AnswerCase("Sunny and 76°F, that is York.", .place, .right),
        AnswerCase("In York, it's sunny and 76°F.", .place, .right),
        AnswerCase("It's sunny and 76°F in New York right now.", .place, .wrong),
        AnswerCase("New York is sunny at 76°F.", .place, .wrong),
        AnswerCase("It's sunny and 76°F in Yorkshire.", .place, .wrong),
        AnswerCase("It's sunny and 76°F in York Harbor.", .place, .wrong),
        AnswerCase("It's sunny and 76°F in York de Luna.", .place, .wrong),
        AnswerCase("It's sunny and 76°F, but not in York.", .place, .wrong),
        AnswerCase("It's sunny and 76°F in York and in Leeds.", .place, .wrong),
        AnswerCase("Leeds is sunny at 76°F.", .place, .wrong),
        AnswerCase("It's sunny and 76°F.", .place, .missing),
        AnswerCase("It's sunny and 76 °F in York.", .temperature, .right),
        AnswerCase("It's sunny and 76 degrees Fahrenheit in York.", .temperature, .right),
        AnswerCase("It's sunny and 76 degrees in York.", .temperature, .wrong),
        AnswerCase("It's sunny and 76°C in York.", .temperature, .wrong),
        AnswerCase("It's sunny and 76 in York.", .temperature, .wrong),
        AnswerCase("It's sunny and -76°F in York.", .temperature, .wrong),
        AnswerCase("It's sunny and \u{2212}76°F in York.", .temperature, .wrong),
        AnswerCase("It's sunny and 76.5°F in York.", .temperature, .wrong),
        AnswerCase("It's sunny and 176°F in York.", .temperature, .wrong),
        AnswerCase("It's sunny and 7°F in York.", .temperature, .wrong),
        AnswerCase("It's sunny and 76-78°F in York.", .temperature, .wrong),
        AnswerCase("It's sunny in York, but not 76°F.", .temperature, .wrong),
        AnswerCase("It's sunny in York.", .temperature, .missing),
        AnswerCase("It's sunny and 76°F in York, wind 8 mph.", .invented, .wrong),
        AnswerCase("It's sunny and 76°F in York, humidity 76%.", .invented, .wrong),
        AnswerCase("It’s sunny and 76°F in York.", .condition, .right),
        AnswerCase("It's partly cloudy and 76°F in York.", .condition, .wrong),
        AnswerCase("It isn't sunny, and 76°F in York.", .condition, .wrong),
        AnswerCase("It's not rainy but sunny and 76°F in York.", .condition, .right),
        AnswerCase("It's sunny, then rainy, and 76°F in York.", .condition, .wrong),
        AnswerCase("It's nice and 76°F in York.", .condition, .missing),
        AnswerCase("I don't know, but it's sunny and 76°F in York.", .declines, .wrong),
        AnswerCase("It's sunny and 76°F in York right now.", .declines, nil),
    ]) func theWeatherOfYork(_ test: AnswerCase) throws {
        let expectation = try WeatherData.expectation(
            #""declines":false,"observed":["York"],"place":"York","condition":"sunny","#
                + #""temperature":{"value":76,"unit":"F"}"#, asks: "current")
        try expect(test, expectation)
    }

    @Test(arguments: [
        AnswerCase("It's sunny and 76°F in New York right now.", .place, .right),
        AnswerCase("It's sunny and 76°F in York.", .place, .wrong),
        AnswerCase("It's sunny and 76°F in New York City.", .place, .wrong),
        AnswerCase("It's sunny and 76°F in new york.", .place, .missing),
    ]) func theWeatherOfNewYork(_ test: AnswerCase) throws {
        let expectation = try WeatherData.expectation(
            #""declines":false,"observed":["New York"],"place":"New York","condition":"sunny","#
                + #""temperature":{"value":76,"unit":"F"}"#, asks: "current")
        try expect(test, expectation)
    }

    @Test(arguments: [
        AnswerCase("Oslo is warmer than Rome, 70°F to 60°F.", .warmer, .right),
        AnswerCase("Rome is warmer than Oslo, 60°F to 70°F.", .warmer, .wrong),
        AnswerCase("Rome is colder than Oslo, 60°F to 70°F.", .warmer, .right),
        AnswerCase("Rome isn't warmer than Oslo, 60°F to 70°F.", .warmer, .right),
        AnswerCase("Oslo, with 70°F, is warmer than Rome, with 60°F.", .warmer, .right),
        AnswerCase("The warmer one is Oslo, 70°F against 60°F.", .warmer, .right),
        AnswerCase("The warmer of the two is Rome.", .warmer, .wrong),
        AnswerCase("It's 70°F in Oslo and 60°F in Rome, so it's warmer in Oslo.", .warmer, .right),
        AnswerCase("It's 70°F in Oslo and 60°F in Rome, so it's warmer in Rome.", .warmer, .wrong),
        AnswerCase("Oslo has 70°F and Rome has 60°F.", .warmer, .missing),
        AnswerCase("Lima is warmer, with 70°F to 60°F.", .invented, .wrong),
        AnswerCase("Oslo is warmer than Rome, 70°F to 60°F.", .temperatures, .right),
        AnswerCase("Oslo is warmer: 70°F against 60°F.", .temperatures, .right),
        AnswerCase("Oslo is warmer: 60°F against 70°F.", .temperatures, .wrong),
        AnswerCase("Rome is colder than Oslo, 70°F to 60°F.", .temperatures, .wrong),
        AnswerCase("Oslo is warmer than Rome, 70°C to 60°C.", .temperatures, .wrong),
        AnswerCase("Oslo is warmer than Rome, 70°F to 61°F.", .temperatures, .wrong),
        AnswerCase("Oslo is warmer than Rome at 70°F.", .temperatures, .missing),
    ]) func twoPlaces(_ test: AnswerCase) throws {
        let expectation = try WeatherData.expectation(
            #""declines":false,"observed":["Rome","Oslo"],"compare":{"degree":"warmer","#
                + #""warmer":{"place":"Oslo","temperature":{"value":70,"unit":"F"}},"#
                + #""colder":{"place":"Rome","temperature":{"value":60,"unit":"F"}}}"#, asks: "compare")
        try expect(test, expectation)
    }

    @Test(arguments: [
        AnswerCase("I don't have the wind.", .declines, .right),
        AnswerCase("Sorry, my report doesn\u{2019}t mention the wind in Oslo.", .declines, .right),
        AnswerCase("I don't have the wind.", .missing, .right),
        AnswerCase("I don't have the windows.", .missing, .missing),
        AnswerCase("I don't have the wind, but it may be 12 mph.", .declines, .wrong),
        AnswerCase("I don't have the wind, but it's sunny.", .declines, .wrong),
        AnswerCase("The wind is 12 mph from the west.", .declines, .wrong),
        AnswerCase("The wind is strong.", .declines, .missing),
        AnswerCase("I don't have the wind in Rome.", .invented, .wrong),
    ]) func somethingThatTheReportLacks(_ test: AnswerCase) throws {
        let expectation = try WeatherData.expectation(
            #""declines":true,"observed":["Oslo"],"missing":"wind""#, asks: "wind")
        try expect(test, expectation)
    }

    @Test(arguments: [
        AnswerCase("I only have the weather for Oslo, not for Rio.", .missing, .right),
        AnswerCase("I only have the weather for Oslo.", .missing, .missing),
        AnswerCase("I don't have a report for Rome.", .invented, .wrong),
        AnswerCase("I don't have a report for Rio de Janeiro.", .invented, .wrong),
        AnswerCase("I only have the weather for Oslo, not for Rio.", .invented, nil),
    ]) func anotherPlace(_ test: AnswerCase) throws {
        let expectation = try WeatherData.expectation(
            #""declines":true,"observed":["Oslo"],"missing":"Rio""#, asks: "unanswerable")
        try expect(test, expectation)
    }

    @Test(arguments: [
        AnswerCase("The wind is 8 km/h from the west.", .wind, .right),
        AnswerCase("It blows from the west at 8 kilometres per hour.", .wind, .right),
        AnswerCase("The wind is 8 mph from the west.", .wind, .wrong),
        AnswerCase("The wind is 8 km/h from the southwest.", .wind, .wrong),
        AnswerCase("The wind is 8 km/h from the south-west.", .wind, .wrong),
        AnswerCase("The wind is 8 km/h.", .wind, .missing),
        AnswerCase("The wind comes from the west.", .wind, .missing),
    ]) func theWind(_ test: AnswerCase) throws {
        let expectation = try WeatherData.expectation(
            #""declines":false,"observed":["Oslo"],"wind":{"value":8,"unit":"km/h","direction":"west"}"#, asks: "wind")
        try expect(test, expectation)
    }

    @Test(arguments: [
        (#""sunny","temperature":{"value":41,"unit":"F"}"#, "a warm coat", "a jacket"),
        (#""sunny","temperature":{"value":42,"unit":"F"}"#, "a jacket", "a warm coat"),
        (#""sunny","temperature":{"value":59,"unit":"F"}"#, "a sweater and sunglasses", "a light layer"),
        (#""cloudy","temperature":{"value":60,"unit":"F"}"#, "long sleeves", "long sleeves and sunglasses"),
        (#""clear","temperature":{"value":74,"unit":"F"}"#, "a light layer", "a T-shirt"),
        (#""clear","temperature":{"value":75,"unit":"F"}"#, "a T-shirt and shorts", "a T-shirt and boots"),
        (#""clear","temperature":{"value":5,"unit":"C"}"#, "gloves and a scarf", "nothing at all"),
        (#""rainy","temperature":{"value":6,"unit":"C"}"#, "a jacket and an umbrella", "a jacket"),
        (#""stormy","temperature":{"value":15,"unit":"C"}"#, "a raincoat over a sweater", "a raincoat"),
        (#""drizzly","temperature":{"value":16,"unit":"C"}"#, "long sleeves and an umbrella", "long sleeves"),
        (#""foggy","temperature":{"value":23,"unit":"C"}"#, "long sleeves", "long sleeves and a raincoat"),
        (#""snowy","temperature":{"value":-5,"unit":"C"}"#, "a warm coat and boots", "a warm coat"),
        (#""windy","temperature":{"value":24,"unit":"C"}"#, "shorts", "a coat and shorts"),
    ]) func clothesFollowTheRule(weather: String, right: String, wrong: String) throws {
        let expectation = try WeatherData.expectation(
            #""declines":false,"observed":["Oslo"],"condition":"# + weather, asks: "clothing")
        #expect(WeatherChecker.check("Take \(right).", against: expectation).outcome(of: .clothing) == .right)
        let outcome = WeatherChecker.check("Take \(wrong).", against: expectation).outcome(of: .clothing)
        #expect(outcome == .wrong || outcome == .missing)
    }

    private func expect(_ test: AnswerCase, _ expectation: WeatherExpectation) throws {
        let verdict = WeatherChecker.check(test.answer, against: expectation)
        #expect(verdict.outcome(of: test.slot) == test.outcome, "\(verdict.findings)")
    }
}
