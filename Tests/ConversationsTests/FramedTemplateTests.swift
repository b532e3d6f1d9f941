// Chat templates of Hugging Face's: which become templates here, and which are not used.

import Conversations
import Testing

@Suite struct FramedTemplateTests {
    @Test(arguments: [ChatTemplate.chat, .instruction])
    func ownTemplatesComeBack(template: ChatTemplate) throws {
        let read = try #require(ChatTemplate(jinja: template.jinja, endOfText: "<|endoftext|>"))
        #expect(read.system == template.system && read.user == template.user)
        #expect(read.assistant == template.assistant && read.answerLead == template.answerLead)
    }

    /// Written over several lines, with attributes, either kind of quotes and the token spelt out.
    @Test func commonForms() throws {
        let jinja = """
            {# roles #}
            {%- for message in messages -%}
                {%- if message.role == "user" -%}
                    {{ "Q: " + message.content + "\\n" }}
                {%- elif message['role'] == 'system' -%}
                    {{ message['content'] }}{{ '\\n\\n' }}
                {%- else -%}
                    {{- 'A: ' + message['content'] + '<|endoftext|>' -}}
                {%- endif -%}
            {%- endfor -%}
            {%- if add_generation_prompt -%}{{ 'A:' }}{%- endif -%}
            """
        let template = try #require(ChatTemplate(jinja: jinja, endOfText: "<|endoftext|>"))
        #expect(template.user == .init("Q: ", "\n") && template.system == .init("", "\n\n"))
        #expect(template.assistant == .init("A:", "") && template.answerLead == " ")
    }

    @Test(arguments: [
        // Special tokens in the text, filters, variables, a turn that depends on its place, answers without an end.
        "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + eos_token}}{% endfor %}",
        "{% for message in messages %}{{ message['content'] | trim }}{{ eos_token }}{% endfor %}",
        "{% set x = 1 %}{% for message in messages %}{{ message['content'] + eos_token }}{% endfor %}",
        "{% for message in messages %}{% if loop.first %}{{ message.content + eos_token }}{% endif %}{% endfor %}",
        "{% for message in messages %}{{ message['role'] + ': ' + message['content'] }}{% endfor %}",
        "{% for message in messages %}{{ message['content'] + eos_token }}{% endfor %}",
        "{% for message in messages %}{{ message['content'] ", "{% if %}", "{{ 'a }}", "", "plain",
    ])
    func whatHasNoCounterpart(jinja: String) { #expect(ChatTemplate(jinja: jinja, endOfText: "</s>") == nil) }
}
