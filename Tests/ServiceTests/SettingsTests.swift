// service.json: every key reaches its setting, and what is wrong is named.

import Service
import TestSupport
import Testing

@Suite struct SettingsTests {
    private func read(_ text: String) throws -> ServiceSettings {
        let place = try TemporaryFolder()
        let path = try place.write(text, as: "service.json")
        var settings = ServiceSettings()
        do { try settings.read(path: path) } catch {
            throw Named(text: "\(error)".replacing(path, with: "service.json"))
        }
        return settings
    }

    /// An error's message without the folder.
    private struct Named: Error, Equatable {
        let text: String
    }

    private func refusal(_ text: String) -> String? {
        do {
            _ = try read(text)
            return nil
        } catch { return (error as? Named)?.text }
    }

    @Test func everyKeyIsRead() throws {
        let settings = try read(
            """
            {
                // A comment.
                "models": {"davinci": "smollm2-135m"}, "keyFile": "key", "organization": "baker",
                "allowedOrigins": ["https://example.org"], "allowedHosts": ["bot.example.org", "10.0.0.3"],
                "resultsAsBase64": false, "answerTokens": 5, "waitingRequests": 6, "cacheMegabytes": 7,
                "modelMegabytes": 8, "uploadMegabytes": 9
            }
            """)
        #expect(settings.names == ["davinci": "smollm2-135m"] && settings.keyFile == "key")
        #expect(settings.organization == "baker" && !settings.resultsAsBase64)
        #expect(settings.allowedOrigins == ["https://example.org"])
        #expect(settings.allowedHosts == ["bot.example.org", "10.0.0.3"])
        #expect(settings.answerTokens == 5 && settings.waitingRequests == 6)
        #expect(settings.cacheBytes == 7 << 20 && settings.modelBytes == 8 << 20 && settings.uploadBytes == 9 << 20)
    }

    @Test func whatIsWrongIsNamed() {
        #expect(refusal(#"{"allowedHost": []}"#) == "service.json: unknown key allowedHost; did you mean allowedHosts?")
        #expect(refusal("[]") == "service.json: the config is not an object")
        for (text, expected) in [
            (#"{"allowedHosts": ["https://bot.example.org"]}"#, "allowedHosts takes a list of names such as"),
            (#"{"allowedHosts": ["bot.example.org:8080"]}"#, "allowedHosts takes a list of names such as"),
            (#"{"allowedHosts": "bot.example.org"}"#, "allowedHosts takes a list of names such as"),
            (#"{"allowedOrigins": ["example.org"]}"#, "allowedOrigins takes a list of origins such as"),
            (#"{"models": {"a": 1}}"#, "models takes an object of names"),
            (#"{"organization": "a:b"}"#, "organization takes a name of letters"),
            (#"{"answerTokens": 0}"#, "answerTokens takes a positive integer"),
        ] {
            #expect(refusal(text)?.contains(expected) == true, "\(text): \(refusal(text) ?? "read")")
        }
    }
}
