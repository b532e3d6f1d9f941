// Names of models: what is accepted, what is not, and what is suggested.

import Fetching
import Testing

@Suite struct NameTests {
    @Test(arguments: [
        "smollm2-135m", "Qwen/Qwen3-0.6B", "openai-community/gpt2", "a/b", "owner/name:Q4_K_M", "owner/name/file.gguf",
        "owner/name@refs/pr/1", "owner/name:q8_0@v1.0", "owner_1/na.me",
    ]) func validNamesReadBack(_ text: String) throws {
        #expect(try ModelName(text).description == text)
    }

    @Test func partsOfANameAreTold() throws {
        guard case .hub(let name) = try ModelName("owner/name/model.gguf@dev") else {
            Issue.record("a name on the hub")
            return
        }
        #expect(name.repository == "owner/name" && name.revision == "dev" && name.choice == .file("model.gguf"))
        #expect(try ModelName("owner/name").at(revision: "dev").description == "owner/name@dev")
        #expect(throws: FetchError.noRevisions("smollm2-135m")) { try ModelName("smollm2-135m").at(revision: "dev") }
    }

    @Test(arguments: [
        "../name", "owner/..", "./name", "owner/.name", "/name", "owner/", "owner//name", "owner/name/", "a/b/c/d.gguf",
        "owner/name/../x.gguf", "owner/name/file.bin", "owner/na--me", "owner/na..me", "-owner/name", "owner/name-",
        "owner/name.", "owner/na me", "owner/naïve", "owner/name:", "owner/name:a/b", "owner/name@", "owner/name@../x",
        "owner/name@a//b", "owner/name@.hidden", "owner/na\u{0}me", "owner/name?x=1", "owner/name#x", "owner/%2e%2e",
        "own@er/name@x@y/../z", "owner\\name/x",
    ]) func invalidNamesAreRefused(_ text: String) {
        #expect(throws: FetchError.self) { try ModelName(text) }
    }

    @Test func longNamesAreRefused() {
        let long = String(repeating: "a", count: 97)
        #expect(throws: FetchError.self) { try ModelName(long + "/name") }
        #expect(throws: FetchError.self) { try ModelName("owner/name@" + String(repeating: "a", count: 129)) }
    }

    @Test(arguments: [
        ("smolm2-135m", "smollm2-135m"), ("SmolLM2-135M", "smollm2-135m"), ("gpt2", "openai-community/gpt2"),
        ("openai/gpt2", "openai-community/gpt2"), ("Qwen/Qwen3-0.6b", "Qwen/Qwen3-0.6B"),
        ("qwen3-0.6b", "Qwen/Qwen3-0.6B"),
    ]) func similarNamesAreSuggested(_ text: String, _ nearest: String) {
        #expect(ModelName.nearest(to: text) == nearest)
    }

    @Test func unlikeNamesAreNotSuggested() throws {
        #expect(ModelName.nearest(to: "nothing-like-it") == nil)
        let error = #expect(throws: FetchError.self) { try ModelName("smolm2-135m") }
        #expect(error == .unknownName("smolm2-135m", nearest: "smollm2-135m"))
        #expect(error?.hint == "did you mean smollm2-135m?")
    }

    @Test(arguments: [
        ("model-Q4_K_M.gguf", "Q4_K_M", true), ("model.q4_k_m.gguf", "Q4_K_M", true), ("Q8_0.gguf", "q8_0", true),
        ("model-Q4_K_M.gguf", "Q4_K", false), ("model-Q4_K_M.gguf", "K_M", false),
        ("model-IQ4_NL.gguf", "Q4_NL", false),
        ("model-Q4_K_M.bin", "Q4_K_M", false),
    ]) func labelsOfFiles(_ file: String, _ label: String, _ isOne: Bool) {
        #expect(GGUFChoice.file(file, has: label) == isOne)
    }

    @Test(arguments: [
        (0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 kB"), (98_362_432, "98.4 MB"), (999_400, "999 kB"),
        (999_600, "1.0 MB"), (1_500_000_000, "1.5 GB"),
    ]) func bytes(_ count: Int, _ text: String) {
        #expect(ByteText.text(count) == text)
    }
}
