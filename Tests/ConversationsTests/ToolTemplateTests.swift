// Calls of tools in a model's own template: what is learned of them, and what a template cannot say.

import Conversations
import Datasets
import TestSupport
import Testing
import Tokenizer

@Suite struct ToolTemplateTests {
    private static let call =
        #"[{"id": "c1", "type": "function", "function": {"name": "find", "arguments": "{\"thing\": \"old \\\"spade\\\"\"}"}}]"#
    private static let tools =
        #"[{"type": "function", "function": {"name": "find", "parameters": {"type": "object"}}}]"#

    /// A row as people write it: null next to a call, and a result that names the call.
    private static func row(_ call: String = call, tools: String = tools) -> String {
        #"{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": null, "tool_calls": \#(call)}, "#
            + #"{"role": "tool", "tool_call_id": "c1", "content": "barn"}, {"role": "assistant", "content": "a"}], "#
            + #""tools": \#(tools)}"#
    }

    private static func view(_ row: String, _ template: ChatTemplate) throws -> String {
        let file = try TextFile(path: "rows.jsonl", bytes: Array(row.utf8))
        var options = EncodingOptions()
        options.template = template
        let tokenizer = try ModelTemplateTests.tokenizer.get()
        let text = try TokenizedText(Document.documents(of: file), tokenizer: tokenizer, options)
        return ModelTemplateTests.shown(text.tokens, tokenizer) { text.weight($0) > 0 }
    }

    @Test func callsAreLearnedAndResultsAreNot() throws {
        let template = try ModelTemplateTests.adopt("chatml-tools", end: "<|im_end|>")
        let shown = try Self.view(Self.row(), template)
        let expected = #"""
            {"type": "function", "function": {"name": "find", "parameters": {"type": "object"}}}
            </tools>

            A call is one line of JSON:
            <tool_call>
            {"name": <name>, "arguments": <object>}
            </tool_call>⟨<|im_end|>⟩
            ⟨<|im_start|>⟩user
            q⟨<|im_end|>⟩
            ⟨<|im_start|>⟩assistant
            [<tool_call>
            {"name": "find", "arguments": {"thing": "old \"spade\""}}
            </tool_call>⟨<|im_end|>⟩]
            ⟨<|im_start|>⟩user
            <tool_response>
            barn
            </tool_response>⟨<|im_end|>⟩
            ⟨<|im_start|>⟩assistant
            [a⟨<|im_end|>⟩]
            """#
        #expect(shown.hasSuffix(expected), "\(shown)")
    }

    /// A template that writes less than a row says.
    @Test func whatATemplateCannotSayIsRefused() throws {
        func refusal(_ source: String) throws -> String? {
            let template = try ChatTemplate.adopting(
                jinja: source, startToken: nil, endToken: "<|im_end|>", ModelTemplateTests.tokenizer.get())
            do {
                _ = try Self.view(Self.row(), template)
                return nil
            } catch { return "\(error)" }
        }
        func loop(_ call: String, _ tools: String) -> String {
            "{% if tools %}\(tools){% endif %}{% for m in messages %}{{ m.role }}: {{ m.content or '' }}"
                + "{% for c in m.tool_calls or [] %}\(call){% endfor %}<|im_end|>{% endfor %}"
        }
        let tools = "{% for t in tools %}{{ t | tojson }}{% endfor %}"
        #expect(try refusal(loop("{{ c | tojson }}", tools)) == nil)
        #expect(
            try refusal(loop("{{ c.function.name }}", tools))?.contains("cannot express tool_calls of a message")
                == true)
        #expect(try refusal(loop("", tools))?.contains("cannot express tool_calls of a message") == true)
        #expect(try refusal(loop("{{ c | tojson }}", "tools"))?.contains("cannot express the tools") == true)
        let noResults = loop("{{ c | tojson }}", tools).replacing(
            "m.content or", with: "(m.content if m.role != 'tool') or")
        #expect(try refusal(noResults)?.contains("cannot express a tool's result") == true)
        for template in ChatTemplate.named {
            #expect(throws: DatasetError.self) { try Self.view(Self.row(), template) }
        }
    }
}
