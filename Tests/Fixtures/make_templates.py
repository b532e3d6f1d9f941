#!/usr/bin/env python3
"""Computes what chat templates make of conversations, with Jinja2 as Transformers sets it up.

    python3 Tests/Fixtures/make_templates.py            writes Tests/Fixtures/templates.json
    python3 Tests/Fixtures/make_templates.py --check    compares with what is there

Needs `pip install jinja2 transformers`. The templates in Tests/Fixtures/templates use the constructs that the templates
of published models use, in words of their own. `snippets` are single expressions and statements.
"""

import argparse
import datetime
import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
TABLE = HERE / "templates.json"
DAY = datetime.datetime(2024, 7, 26)

TOOLS = [
    {"type": "function", "function": {"name": "weather", "description": "The weather of a place, in °C",
     "parameters": {"type": "object", "properties": {"place": {"type": "string", "description": "Which \"place\""},
      "unit": {"type": "string", "enum": ["C", "F"]}}, "required": ["place"]}}},
    {"type": "function", "function": {"name": "add", "parameters": {"type": "object",
     "properties": {"values": {"type": "array", "items": {"type": "number"}, "minItems": 2},
      "how": {"type": "object", "properties": {"rounded": {"type": "boolean"}, "digits": {"default": 1.5}}}}}}},
]


def system(text):
    return {"role": "system", "content": text}


def user(text):
    return {"role": "user", "content": text}


def answer(text, **more):
    return {"role": "assistant", "content": text, **more}


def tool(text):
    return {"role": "tool", "content": text}


def call(name, **arguments):
    return {"type": "function", "function": {"name": name, "arguments": arguments}}


#: Name, messages, and variables beyond `messages`.
CONVERSATIONS = [
    ("question", [user("Hello")], {"add_generation_prompt": True}),
    ("answered", [user("Hello"), answer("Hi there.")], {}),
    ("system", [system("Be brief."), user("Hello"), answer("Hi.")], {}),
    ("system and question", [system("Be brief."), user("Hello")], {"add_generation_prompt": True}),
    ("many turns", [user("1"), answer("2"), user("3"), answer("4"), user("5"), answer("6"), user("7")],
     {"add_generation_prompt": True}),
    ("many turns answered", [system("s"), user("1"), answer("2"), user("3"), answer("4"), user("5"), answer("6")], {}),
    ("white space", [system("  s\n"), user("\n q \t"), answer(" \n a \n\n")], {}),
    ("empty question", [user(""), answer("a")], {}),
    ("empty answer", [user("q"), answer("")], {}),
    ("empty system", [system(""), user("q"), answer("a")], {}),
    ("only system", [system("s")], {"add_generation_prompt": True}),
    ("late system", [user("q"), system("now"), answer("a"), user("r")], {}),
    ("special texts", [system("<|im_end|>"), user("<|im_start|>assistant\nno<|im_end|> </s> <bos>"),
                       answer("<|eot_id|><end_of_turn>\n<start_of_turn>user\n<|endoftext|>")], {}),
    ("jinja in content", [user("{{ bos_token }}{% if x %}{# c #}"), answer("{%- raw -%}")], {}),
    ("unicode", [user("Grüße, ΑΣ 日本語 🏴󠁧󠁢󠁥󠁮󠁧󠁿 e\u0301"), answer("שלום \u200f\u2028\u00a0ﬀ")], {}),
    ("quotes", [user("it's \"quoted\" \\n \\ and a\ttab"), answer("'\"'")], {}),
    ("control", [user("a\u0001b\u007fc\u0085"), answer("\r\nline\r")], {}),
    ("two questions", [user("a"), user("b"), answer("c")], {}),
    ("answer first", [answer("a"), user("b"), answer("c")], {}),
    ("two answers", [user("a"), answer("b"), answer("c")], {}),
    ("thoughts", [user("2+2"), answer("<think>\nfour, surely\n</think>\n\n4"), user("3+3"),
                  answer("<think>\nsix\n</think>\n\n6")], {}),
    ("own thoughts", [user("2+2"), answer("4", reasoning_content="\nfour\n")], {}),
    ("no thinking", [user("2+2")], {"add_generation_prompt": True, "enable_thinking": False}),
    ("thinking", [user("2+2")], {"add_generation_prompt": True, "enable_thinking": True}),
    ("tools", [user("Weather in Oslo?")], {"tools": TOOLS, "add_generation_prompt": True}),
    ("tools and system", [system("Be brief."), user("Weather?"), answer("Where?")], {"tools": TOOLS[1:]}),
    ("call", [user("Weather in Oslo?"), answer("", tool_calls=[call("weather", place="Osló", unit="C")]),
              tool("{\"t\": -3}"), answer("-3 °C")], {"tools": TOOLS[:1]}),
    ("call with words", [user("q"), answer("Let me see.", tool_calls=[call("weather", place="a\"b", days=[1, 2.5, None])]),
                         tool("x"), tool("y"), answer("done")], {"tools": TOOLS}),
    ("two calls", [user("q"), answer("", tool_calls=[call("add", values=[1, 1e20, True]), call("weather")]),
                   tool("1"), tool("2"), answer("both")], {}),
    ("tools in front", [system("s"), user("q")], {"tools": TOOLS, "tools_in_user_message": False}),
    ("date", [user("q"), answer("a")], {"date_string": "1 Jan 2025"}),
    ("parts", [user([{"type": "text", "text": " a "}, {"type": "image"}, {"type": "text", "text": "b"}]), answer("c")], {}),
    ("other role", [user("q"), {"role": "critic", "content": "hm"}, answer("a")], {}),
    ("no content", [user("q"), {"role": "assistant"}], {}),
    ("none", [], {"add_generation_prompt": True}),
]

#: Special tokens of each template.
TEMPLATES = {
    "chatml-default": {"bos_token": "<|im_start|>", "eos_token": "<|im_end|>"},
    "chatml-tools": {"eos_token": "<|im_end|>"},
    "chatml-thinking": {"eos_token": "<|im_end|>"},
    "headers-date": {"bos_token": "<|begin_of_text|>", "eos_token": "<|eot_id|>"},
    "alternating": {"bos_token": "<bos>", "eos_token": "<eos>"},
    "plain-lines": {"bos_token": "<s>", "eos_token": "</s>"},
    "generation-marked": {"eos_token": "<|im_end|>"},
    "macros": {},
}

#: Variables of every snippet.
VARIABLES = {
    "text": "Hello, World", "spaced": "  a b\n", "empty": "", "unicode": "Straße ΟΔΟΣ ǆ ﬁ İ", "number": 7, "negative": -7,
    "half": 0.5, "big": 1e16, "yes": True, "no": False, "nothing": None, "list": [3, 1, 2], "words": ["b", "A", "c", "a"],
    "map": {"b": 1, "a": {"x": [1, None]}, "items": 5, "é": "ü"},
    "people": [{"name": "Ann", "age": 3, "f": {"g": 1}}, {"name": "bob", "age": 2}, {"name": "Cy", "age": None, "f": {"g": 0}}],
    "lines": "one\ntwo\n\nthree", "quoted": "it's", "both": "'\"", "control": "\u0000\u001b\u007f\u00ad\u200b😀\u00a0",
}

SNIPPETS = (HERE / "templates" / "snippets.txt").read_text(encoding="utf-8")


def environment():
    from transformers.utils.chat_template_utils import _compile_jinja_template
    return _compile_jinja_template


def render(source, variables):
    """The text, or the error's class."""
    template = environment()(source)
    template.environment.globals["strftime_now"] = DAY.strftime
    return template.render(**variables)


def attempt(source, variables):
    try:
        text = render(source, variables)
        text.encode("utf-8")
        return {"expected": text}
    except Exception as error:  # noqa: BLE001 - any error of the template is an answer
        return {"error": type(error).__name__}


def generation_spans(source, variables):
    """What `{% generation %}` marks, in characters."""
    from transformers.utils.chat_template_utils import _render_with_assistant_indices
    _, spans = _render_with_assistant_indices(environment()(source), **variables)
    return [list(span) for span in spans]


def snippets():
    """Snippets are separated by lines of `---`. Those after a line `#refused` are Jinja that is not evaluated here."""
    for text in SNIPPETS.removesuffix("\n").split("\n---\n"):
        refused = text.startswith("#refused\n")
        yield text.removeprefix("#refused\n"), {"refused": True} if refused else {}


def make():
    templates = {}
    for name, specials in TEMPLATES.items():
        source = (HERE / "templates" / f"{name}.jinja").read_text(encoding="utf-8")
        outputs = []
        for _, messages, variables in CONVERSATIONS:
            given = {"messages": messages, "tools": None, "documents": None, "add_generation_prompt": False}
            given.update(specials)
            given.update(variables)
            result = attempt(source, given)
            if "generation" in name and "expected" in result:
                result["spans"] = generation_spans(source, given)
            outputs.append(result)
        templates[name] = {"specials": specials, "outputs": outputs}
    return {
        "conversations": [{"name": n, "variables": {"messages": m, **v}} for n, m, v in CONVERSATIONS],
        "templates": templates,
        "variables": VARIABLES,
        "snippets": [{"template": s, **marks, **attempt(s, VARIABLES)} for s, marks in snippets()],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    made = make()
    text = json.dumps(made, ensure_ascii=False, separators=(",", ":"))
    # One entry a line, so that a change can be read.
    text = text.replace('},{"', '},\n{"') + "\n"
    assert json.loads(text) == made
    if arguments.check:
        if TABLE.read_text(encoding="utf-8") != text:
            sys.exit(f"{TABLE} is not what Jinja2 makes now")
        print(f"{TABLE.name}: as Jinja2 makes it")
        return
    TABLE.write_text(text, encoding="utf-8")
    errors = sum("error" in s for s in made["snippets"])
    print(f"{len(CONVERSATIONS)} conversations, {len(TEMPLATES)} templates, {len(made['snippets'])} snippets "
          f"({errors} errors), {len(text.encode())} bytes")


if __name__ == "__main__":
    main()
