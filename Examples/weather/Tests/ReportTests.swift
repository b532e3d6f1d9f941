// The totals, their table and their JSON.

import Testing
import WeatherAnswers

@Suite struct ReportTests {
    private func report() throws -> WeatherReport {
        var report = WeatherReport()
        var warm = try WeatherData.expectation(
            #""declines":false,"observed":["Oslo"],"place":"Oslo","temperature":{"value":7,"unit":"C"}"#,
            asks: "temperature")
        report.add(WeatherChecker.check("It's 7°C in Oslo.", against: warm), for: warm)
        warm.placeSeenInTraining = false
        report.add(WeatherChecker.check("It's 8°C in Oslo.", against: warm), for: warm)
        warm.wordingSeenInTraining = false
        report.add(WeatherChecker.check("It's 7°C in Oslo, and it was 3 before.", against: warm), for: warm)
        report.add(WeatherChecker.check("I don't have the temperature.", against: warm), for: warm)
        let lacking = try WeatherData.expectation(
            #""declines":true,"observed":["Oslo"],"missing":"wind""#, asks: "wind")
        report.add(WeatherChecker.check("I don't have the wind.", against: lacking), for: lacking)
        report.add(WeatherChecker.check("The wind is 3 mph.", against: lacking), for: lacking)
        return report
    }

    @Test func countsByGroup() throws {
        let report = try report()
        let all = report[.all]
        #expect(all.answers.right == 2 && all.answers.asked == 6)
        #expect(all.slots[.temperature]?.right == 2 && all.slots[.temperature]?.asked == 4)
        #expect(all.slots[.place]?.right == 3 && all.slots[.place]?.asked == 4)
        #expect(all.slots[.declines]?.right == 1 && all.slots[.declines]?.asked == 2)
        #expect(all.rightlyDeclined.right == 1 && all.rightlyDeclined.asked == 2)
        #expect(all.answered.right == 3 && all.answered.asked == 4)
        #expect(all.inventing == 1)
        #expect(all.allSlots.right == 7 && all.allSlots.asked == 12)
        #expect(report[.seenPlaces].answers.asked == 3 && report[.unseenPlaces].answers.asked == 3)
        #expect(report[.seenPlaces].answers.right == 2 && report[.unseenPlaces].answers.right == 0)
        #expect(report[.seenWordings].answers.asked == 4 && report[.unseenWordings].answers.asked == 2)
        #expect(report[.unseenPlaces].rightlyDeclined.share == nil)
        #expect(report[.unseenBoth].answers.asked == 2 && report[.unseenBoth].slots[.temperature]?.right == 1)
    }

    @Test func theTableIsAligned() throws {
        let table = try report().render()
        let lines = table.split(separator: "\n")
        #expect(Set(lines.map(\.count)).count == 1)
        #expect(lines.first?.hasSuffix("both unseen") == true)
        #expect(
            lines.contains {
                $0.split(separator: " ").joined(separator: " ")
                    == "temperature 2/4 50.0 % 1/1 100.0 % 1/3 33.3 % 1/2 50.0 % 1/2 50.0 % 1/2 50.0 %"
            })
        #expect(
            lines.contains {
                $0.split(separator: " ").joined(separator: " ")
                    == "rightly declined 1/2 50.0 % 1/2 50.0 % – 1/2 50.0 % – –"
            })
        #expect(!table.contains("humidity"))
    }

    @Test func theJSONHoldsTheSameCounts() throws {
        let text = try report().json.serialized()
        #expect(text.hasPrefix(#"{"all":{"slots":{"place":{"right":3,"asked":4,"share":0.75},"#))
        #expect(text.contains(#""unseenPlaces":{"slots":{"place":"#))
        #expect(text.contains(#""rightlyDeclined":{"right":0,"asked":0,"share":null}"#))
        #expect(WeatherReport().json.serialized().contains(#""allSlots":{"right":0,"asked":0,"share":null}"#))
    }
}
