#!/usr/bin/env python3
"""Random templates, rendered by Jinja2 as Transformers sets it up, for Luthier's own interpreter to be compared with.

    python3 Tests/interop/templates.py DIR [--count 10000] [--seed 1]

writes DIR/templates.jsonl. Then `LUTHIER_TEMPLATES=DIR swift test -c release --filter DifferentialTests` renders the
same templates and compares. `make interop-templates` does both. Needs `pip install jinja2 transformers`.

Templates come from a grammar that knows what it makes (texts, numbers, lists, mappings) and now and then makes something
else. Left out is what this interpreter refuses by name, and what differs by design: integers beyond 64 bits, and
errors inside a generator that is not consumed.
"""

import argparse
import contextlib
import copy
import json
import random
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "Fixtures"))
from make_templates import VARIABLES, render  # noqa: E402

TEXTS = ["", "a", "Hello, World", " b c\n", "<|im_end|>", "ΑΣ ß", "x,y,,z", "{{", "%}", "it's \"q\"", "0", "12", "1.5",
         "\t\u00a0é", "aXbXa", "😀e\u0301", "A-b (c)"]
NAMES = ["x", "y", "z", "k"]
MESSAGES = [{"role": "system", "content": " Be brief.\n"}, {"role": "user", "content": "Hi <|im_end|>"},
            {"role": "assistant", "content": "<think>\nhm\n</think>\n\nHello", "tool_calls":
             [{"function": {"name": "f", "arguments": {"a": [1, "b"]}}}]}, {"role": "tool", "content": None}]
GIVEN = {**VARIABLES, "messages": MESSAGES, "add_generation_prompt": True, "bos_token": "<s>", "eos_token": "</s>"}
GIVEN.pop("big")


class Maker:
    """Makes one template."""

    def __init__(self, rng):
        self.rng = rng
        self.loops = 0
        self.inside = 0
        self.macros = []

    def pick(self, *choices):
        return self.rng.choice(choices)

    def chance(self, share):
        return self.rng.random() < share

    def literal(self, text):
        quote = self.pick("'", '"')
        escaped = text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t").replace(quote, "\\" + quote)
        return quote + escaped + quote

    # Expressions, by what they should give.

    def any(self, depth):
        return self.pick(self.text, self.text, self.number, self.list, self.map, self.truth, self.other)(depth)

    def other(self, depth):
        return self.pick("none", "missing", "x", "y", "z", "k", "map.nope", "nothing", "half", "messages[0].nope")

    def confused(self, wanted, depth):
        return self.any(depth) if self.chance(0.04) else wanted(depth)

    def text(self, depth):
        if depth <= 0:
            return self.pick(self.literal(self.pick(*TEXTS)), self.literal(self.pick(*TEXTS)), "text", "spaced", "unicode",
                             "lines", "quoted", "messages[0].content", "eos_token", "message.role", "people[0].name")
        d = depth - 1
        t, n = lambda: self.confused(self.text, d), lambda: self.confused(self.number, d)
        return self.pick(
            lambda: f"{t()} + {t()}", lambda: f"{t()} ~ ({self.any(d)})", lambda: f"({t()})[{n()}]",
            lambda: f"({self.sliced(self.text, d)})[{self.slice(d)}]", lambda: f"({t()}).{self.pick('strip', 'lstrip', 'rstrip')}({self.maybe(t)})",
            lambda: f"({t()}).{self.pick('upper', 'lower', 'title', 'capitalize')}()",
            lambda: f"({t()}) | {self.pick('trim', 'upper', 'lower', 'title', 'capitalize', 'string', 'reverse')}",
            lambda: f"({t()}).split({self.maybe(t)})[{n()}]", lambda: f"({t()}).replace({t()}, {t()})",
            lambda: f"({t()}) | replace({t()}, {t()})", lambda: f"({self.any(d)}) | tojson",
            lambda: f"({self.any(d)}) | string", lambda: f"({self.list(d)}) | join({self.maybe(t)})",
            lambda: f"({t()} if {self.truth(d)} else {t()})", lambda: f"({self.any(d)}) | default({t()}{self.pick('', ', true')})",
            lambda: f"({t()}).{self.pick('removeprefix', 'removesuffix')}({t()})", lambda: f"({t()}) | indent({n()})",
            lambda: f"({t()}) * {self.pick('2', '0', '-1', 'true')}", lambda: f"({t()}) | {self.pick('first', 'last')}",
            lambda: f"({self.any(d)}) | tojson({self.pick('indent=2', 'sort_keys=true', 'ensure_ascii=true')})",
            lambda: f"({t()}) and {t()}", lambda: f"({t()}) or {t()}", lambda: f"{t()}.join({self.list(d)})",
            lambda: f"messages[{n()}].{self.pick('role', 'content')}", lambda: self.loop_text(d),
            lambda: self.call(d))()

    def loop_text(self, depth):
        if not self.loops:
            return self.text(depth)
        return self.pick("loop.index", "loop.first", "loop.last", "loop.previtem", "loop.nextitem", "loop.length",
                         "loop.revindex", "loop.revindex0", "loop.index0", "loop.cycle('p', 'q')") + " ~ ''"

    def call(self, depth):
        if not self.macros:
            return self.text(depth)
        name, count = self.pick(*self.macros)
        arguments = [self.any(depth) for _ in range(self.rng.randint(0, count))]
        if arguments and self.chance(0.3):
            arguments[-1] = f"p{len(arguments) - 1}={arguments[-1]}"
        return f"{name}({', '.join(arguments)})"

    def maybe(self, make):
        return make() if self.chance(0.6) else ""

    def sliced(self, wanted, depth):
        """Jinja2 looks a slice of a constant up as a key, and finds nothing; so no constant is sliced here."""
        return self.pick("number", "map", "nothing", "missing", "half") if self.chance(0.04) else wanted(depth)

    def slice(self, depth):
        part = lambda: self.pick("", "", "1", "-1", "2", "-3", "none", "100", "-100", "true")  # noqa: E731
        step = self.pick("", "", ":", ":-1", ":2", ":-2", ":none", ":0")
        return f"{part()}:{part()}{step}"

    def number(self, depth):
        if depth <= 0:
            return self.pick("0", "1", "2", "3", "-1", "7", "number", "negative", "half", "1.0", "2.5", "true", "list[0]",
                             "messages | length")
        d = depth - 1
        n = lambda: self.confused(self.number, d)  # noqa: E731
        return self.pick(
            lambda: f"{n()} {self.pick('+', '-', '*')} {n()}", lambda: f"({n()}) {self.pick('/', '//', '%')} ({n()})",
            lambda: f"({n()} + {n()}) * {n()}", lambda: f"-{n()}", lambda: f"{self.pick('2', '3', 'number')} ** {self.pick('0', '2', '3')}",
            lambda: f"({self.pick(self.text, self.list, self.map)(d)}) | {self.pick('length', 'count')}",
            lambda: f"({self.text(d)}) | {self.pick('int', 'int(4)', 'float')}", lambda: f"({n()}) | {self.pick('int', 'abs', 'float')}",
            lambda: f"({self.text(d)}).{self.pick('find', 'rfind', 'count')}({self.text(d)})",
            lambda: f"({self.list(d)}) | {self.pick('min', 'max', 'sum', 'first', 'last')}",
            lambda: f"({n()} if {self.truth(d)} else {n()})", lambda: f"({self.list(d)})[{n()}]")()

    def list(self, depth):
        if depth <= 0:
            return self.pick("list", "words", "messages", "people", "[]", "[1, 'a', none]", "range(4)", "(1, 2)", "map.a.x",
                             "[1, 2] + [3]", "map.keys()", "map.items()", "map.values()", "'ab'", "[[1, 'a'], [0, 'b']]")
        d = depth - 1
        l = lambda: self.confused(self.list, d)  # noqa: E741, E731
        return self.pick(
            lambda: f"[{', '.join(self.any(d) for _ in range(self.rng.randint(0, 3)))}]",
            lambda: f"({self.any(d)}, {self.any(d)})", lambda: f"({self.sliced(self.list, d)})[{self.slice(d)}]", lambda: f"{l()} + {l()}",
            lambda: f"({self.text(d)}).{self.pick('split', 'rsplit')}({self.pick('', self.text(d), 'none, 1')})",
            lambda: f"({self.text(d)}).{self.pick('splitlines()', 'partition(' + self.text(0) + ')')}",
            lambda: f"range({self.number(0)}, {self.number(0)})", lambda: f"({l()}) | list", lambda: f"({l()}) | sort",
            lambda: f"({l()}) | reverse | list", lambda: f"({l()}) | unique | list",
            lambda: f"({l()}) | map({self.literal(self.pick('string', 'upper', 'length', 'int', 'tojson', 'trim', 'first'))}) | list",
            lambda: f"({l()}) | map(attribute={self.literal(self.pick('role', 'name', '0', 'f.g'))}{self.pick('', ', default=3')}) | list",
            lambda: f"({l()}) | {self.pick('select', 'reject')}({self.pick('', repr(self.pick('odd', 'string', 'defined', 'none', 'number')))}) | list",
            lambda: f"({l()}) | {self.pick('selectattr', 'rejectattr')}({self.literal(self.pick('role', 'name', 'age'))}"
                    f"{self.pick('', ', ' + repr(self.pick('defined', 'none', 'string')), ', ' + repr('equalto') + ', ' + self.text(0))}) | list",
            lambda: f"({self.map(d)}) | {self.pick('list', 'dictsort', 'items | list')}", lambda: f"({self.text(d)}) | list",
            lambda: f"({self.map(d)}).{self.pick('keys', 'values', 'items')}() | list")()

    def map(self, depth):
        if depth <= 0:
            return self.pick("map", "people[0]", "messages[2]", "{}", "{'a': 1}", "{1: 2, 'b': none}", "messages[0]")
        d = depth - 1
        key = lambda: self.pick(self.literal(self.pick(*TEXTS)), self.number(0), self.literal("a"), "none", "(1, 'a')")  # noqa: E731
        return self.pick(
            lambda: "{" + ", ".join(f"{key()}: {self.any(d)}" for _ in range(self.rng.randint(0, 3))) + "}",
            lambda: f"dict(a={self.any(d)}, b={self.any(d)})", lambda: f"dict({self.map(d)}, c=1)",
            lambda: f"({self.map(d)} if {self.truth(d)} else {self.map(d)})", lambda: f"({self.map(d)}).copy()")()

    def truth(self, depth):
        if depth <= 0:
            return self.pick("true", "false", "yes", "no", "add_generation_prompt", "loop.first" if self.loops else "no",
                             "messages", "empty")
        d = depth - 1
        return self.pick(
            lambda: f"{self.any(d)} {self.pick('==', '!=')} {self.any(d)}",
            lambda: f"({self.number(d)}) {self.pick('<', '<=', '>', '>=')} ({self.number(d)})",
            lambda: f"({self.text(d)}) {self.pick('<', '>=')} ({self.text(d)})",
            lambda: f"({self.any(d)}) {self.pick('in', 'not in')} ({self.pick(self.list, self.text, self.map)(d)})",
            lambda: f"({self.any(d)}) is {self.pick('', 'not ')}" + self.pick(
                "defined", "undefined", "none", "string", "number", "integer", "float", "boolean", "true", "false", "mapping",
                "iterable", "sequence", "callable", "odd", "even", "upper", "lower", "divisibleby 3", "equalto 1", "in [1, 'a']"),
            lambda: f"(not ({self.truth(d)}))", lambda: f"({self.truth(d)}) {self.pick('and', 'or')} ({self.truth(d)})",
            lambda: f"({self.text(d)}).{self.pick('startswith', 'endswith')}({self.text(d)})",
            lambda: f"({self.text(d)}).{self.pick('isdigit', 'isalpha', 'isupper', 'islower', 'isspace', 'isalnum')}()",
            lambda: f"{self.number(d)} < {self.number(d)} < {self.number(d)}", lambda: self.any(d))()

    # Statements.

    def tag(self, text):
        left = self.pick("{%", "{%", "{%-", "{%+")
        right = self.pick("%}", "%}", "-%}", "+%}")
        return f"{left} {text} {right}"

    def data(self):
        return self.pick("", "", "\n", "  ", "a", "\n  ", " b \n", "<|im_start|>", "x\n\n", "{# c #}", "{#- c -#}\n", "\t",
                         "{% raw %}{{ r }}{% endraw %}", "}}", "\r\n")

    def body(self, depth):
        return "".join(self.data() + self.statement(depth) for _ in range(self.rng.randint(1, 3))) + self.data()

    def output(self):
        left, right = self.pick("{{", "{{", "{{-"), self.pick("}}", "}}", "-}}")
        return f"{left} {self.any(self.rng.randint(0, 3))} {right}"

    def statement(self, depth):
        if depth <= 0:
            return self.output()
        d = depth - 1
        return self.pick(self.output, self.output, lambda: self.loop(d), lambda: self.choice(d), lambda: self.set(d),
                         lambda: self.set(d), lambda: self.macro(d), lambda: self.block(d), lambda: self.leave())()

    def leave(self):
        if not self.inside:
            return self.output()
        return self.tag(f"if {self.truth(1)}") + self.tag(self.pick("break", "continue")) + self.tag("endif")

    def loop(self, depth):
        target = self.pick("x", "y", "message", "k, x", "x")
        values = self.map(1) + ".items()" if target == "k, x" else self.list(self.rng.randint(0, 2))
        values = f"({values})" if not values.endswith("items()") else f"{values}"
        condition = f" if {self.truth(1)}" if self.chance(0.25) else ""
        self.loops += 1
        self.inside += 1
        body = self.body(depth)
        self.loops -= 1
        self.inside -= 1
        otherwise = self.tag("else") + self.body(depth) if self.chance(0.3) else ""
        return self.tag(f"for {target} in {values}{condition}") + body + otherwise + self.tag("endfor")

    def choice(self, depth):
        text = self.tag(f"if {self.truth(2)}") + self.body(depth)
        if self.chance(0.4):
            text += self.tag(f"elif {self.truth(1)}") + self.body(depth)
        if self.chance(0.5):
            text += self.tag("else") + self.body(depth)
        return text + self.tag("endif")

    def set(self, depth):
        kind = self.rng.randint(0, 5)
        name = self.pick(*NAMES)
        if kind <= 2:
            return self.tag(f"set {name} = {self.any(2)}")
        if kind == 3:
            return self.tag(f"set x, y = {self.any(1)}, {self.any(1)}")
        if kind == 4:
            return self.tag(f"set {name}{self.pick('', ' | trim', ' | upper')}") + self.body(depth) + self.tag("endset")
        return (self.tag(f"set ns = namespace(n={self.any(1)})") + self.tag(f"for i in {self.list(0)}")
                + self.tag("set ns.n = i") + self.tag("endfor") + "{{ ns.n }}")

    def isolated(self, depth):
        inside, self.inside = self.inside, 0
        body = self.body(depth)
        self.inside = inside
        return body

    def macro(self, depth):
        name = f"m{len(self.macros)}"
        count = self.rng.randint(0, 2)
        parameters = ", ".join(f"p{n}" + (f"={self.any(1)}" if n == 1 else "") for n in range(count))
        loops, self.loops = self.loops, 0
        known, self.macros = self.macros, []
        body = self.isolated(depth)
        for number in range(count):
            body += "{{ p%d }}" % number
        self.loops, self.macros = loops, known
        if not loops and not self.inside:
            self.macros = self.macros + [(name, count)]
        return self.tag(f"macro {name}({parameters})") + body + self.tag("endmacro")

    def block(self, depth):
        kind = self.rng.randint(0, 3)
        if kind == 0:
            return self.tag(f"with x = {self.any(1)}") + self.body(depth) + self.tag("endwith")
        if kind == 1:
            return self.tag("filter " + self.pick("trim", "upper", "replace('a', 'b')", "indent")) + self.body(depth) + self.tag("endfilter")
        if kind == 2:
            return self.tag("generation") + self.isolated(depth) + self.tag("endgeneration")
        return (self.tag("macro box(t=1)") + "<{{ t }}{{ caller(2) }}>" + self.tag("endmacro")
                + self.tag(f"call(v) box({self.any(0)})") + "{{ v }}" + self.isolated(depth) + self.tag("endcall"))


class Slow(Exception):
    """A template that takes too long to be worth it."""


def attempt(source):
    def stop(*_):
        raise Slow
    signal.signal(signal.SIGALRM, stop)
    signal.alarm(5)
    try:
        # Filters of Jinja2 can change what they are given: indent adds to a list.
        text = render(source, copy.deepcopy(GIVEN))
        if "<built-in" in text or " at 0x" in text or "<Macro" in text or "dict_" in text or "<Namespace" in text:
            return None
        text.encode("utf-8")
        return {"expected": text}
    except Slow:
        return None
    except Exception as error:  # noqa: BLE001 - any error of the template is an answer
        return {"error": f"{type(error).__name__}: {error}"[:200]}
    finally:
        signal.alarm(0)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    folder = Path(arguments.folder)
    folder.mkdir(parents=True, exist_ok=True)
    errors = made = 0
    with (folder / "templates.jsonl").open("w", encoding="utf-8") as file, contextlib.redirect_stderr(None):
        file.write(json.dumps(GIVEN) + "\n")
        while made < arguments.count:
            # Every second template is one expression, so that errors do not hide what follows them.
            maker = Maker(rng)
            source = maker.output() if made % 2 else maker.body(rng.randint(1, 3))
            result = attempt(source)
            if result is None or len(source) > 20_000 or len(result.get("expected", "")) > 50_000:
                continue
            errors += "error" in result
            made += 1
            file.write(json.dumps({"template": source, **result}) + "\n")
    print(f"{made} templates, {errors} of which Jinja2 gives an error for")


if __name__ == "__main__":
    main()
