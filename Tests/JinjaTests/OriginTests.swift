// Where the characters of an output come from: what filters and methods make of a value still comes from it.

import Jinja
import StrictJSON
import Testing

@Suite struct OriginTests {
    /// The output with what comes from values in brackets, by their numbers.
    private static func marked(_ template: String) throws -> String {
        let list = JinjaValue(list: [.init("x", source: 3), .init("y", source: 4)])
        let text = try JinjaProgram(template).render([
            ("a", .init(" Ab-ab ", source: 1)), ("b", .init("<|end|>", source: 2)), ("t", .init("T", source: 0)),
            ("l", list),
            ("m", .init(members: [("k", .init("v\"\n", source: 6))], source: 5)),
        ])
        return text.spans.map { range, origin in
            let part = text[range].string
            return origin.source == 0 ? part : "[\(origin.source):\(part)]"
        }.joined()
    }

    static let cases: [(template: String, expected: String)] = [
        ("<{{ a }}>{{ t }}", "<[1: Ab-ab ]>T"),
        ("{{ '<' + a + '>' }}{{ '<' ~ b ~ 1 ~ none }}", "<[1: Ab-ab ]><[2:<|end|>]1None"),
        ("{{ a | trim }}|{{ a.strip() }}|{{ a.lstrip(' A') }}", "[1:Ab-ab]|[1:Ab-ab]|[1:b-ab ]"),
        ("{{ a | upper }}{{ a.lower() }}{{ a | title }}", "[1: AB-AB  ab-ab  Ab-Ab ]"),
        ("{{ (a ~ '|' ~ b)[2:12] }}", "[1:b-ab ]|[2:<|en]"),
        ("{{ (a ~ '|' ~ b)[::-1] }}", "[2:>|dne|<]|[1: ba-bA ]"),
        ("{{ (t ~ a).split('-')[1] }}{{ (t ~ a).split('-')[0] }}", "[1:ab ]T[1: Ab]"),
        ("{{ (t ~ a).split() | join(',') }}", "T,[1:Ab-ab]"),
        ("{{ a.replace('-', '+') }}{{ 'x-y' | replace('-', b) }}", "[1: Ab]+[1:ab ]x[2:<|end|>]y"),
        ("{{ l | join(t) }}{{ t.join(l) }}{{ l }}", "[3:x]T[4:y][3:x]T[4:y]['[3:x]', '[4:y]']"),
        ("{{ m | tojson }}{{ m }}", "{\"[5:k]\": \"[6:v\\\"\\n]\"}{'[5:k]': '[6:v\"\\n]'}"),
        ("{% for k, v in m.items() %}{{ k }}{{ v | trim }}{% endfor %}", "[5:k][6:v\"]"),
        ("{% for c in b %}{{ c }}{{ loop.index }}{% endfor %}", "[2:<]1[2:|]2[2:e]3[2:n]4[2:d]5[2:|]6[2:>]7"),
        ("{% set x %}<{{ b }}>{% endset %}{{ x | trim('<>') }}", "[2:|end|]"),
        ("{% macro w(x) %}({{ x }}){% endmacro %}{{ w(b) }}{% call w(t) %}{% endcall %}", ""),
        ("{% macro w() %}({{ caller() }}){% endmacro %}{% call w() %}{{ b }}.{% endcall %}", "([2:<|end|>].)"),
        ("{% filter upper %}a{{ b }}{% endfilter %}", "A[2:<|END|>]"),
        ("{{ b if b == '<|end|>' else t }}{{ t or b }}{{ '' or b }}", "[2:<|end|>]T[2:<|end|>]"),
        ("{{ l | first }}{{ l | map('upper') | last | default(t) if false else l[::-1] | first }}", "[3:x][4:y]"),
        ("{{ 'q' | indent(b, true) }}{{ ('q\n' ~ b) | indent(1) }}", "[2:<|end|>]qq\n [2:<|end|>]"),
        ("{{ {b: 1} | list | first }}{{ dict(k=b).k }}{{ namespace(k=b).k }}", "[2:<|end|><|end|><|end|>]"),
        (
            "{{ a.partition('-') | join('|') }}{{ b.removeprefix('<') }}{{ b.splitlines()[0] }}",
            "[1: Ab]|[1:-]|[1:ab ][2:|end|><|end|>]"
        ),
    ]

    @Test(arguments: cases) func originsStay(template: String, expected: String) throws {
        guard !expected.isEmpty else {
            #expect(throws: JinjaError.self) { try Self.marked(template) }
            return
        }
        #expect(try Self.marked(template) == expected)
    }

    @Test func generationMarksEveryOrigin() throws {
        let program = try JinjaProgram("a{% generation %}b{{ x }}{% endgeneration %}{{ x }}")
        #expect(program.hasGeneration)
        let spans = try program.render([("x", .init("y", source: 1))]).spans
        #expect(spans.map(\.range) == [0..<1, 1..<2, 2..<3, 3..<4])
        #expect(spans.map(\.origin.isGenerated) == [false, true, true, false])
        #expect(spans.map(\.origin.source) == [0, 0, 1, 1])
    }

    @Test func datesAreThoseOfTheCaller() throws {
        let program = try JinjaProgram("{{ strftime_now('%a %d %b %Y %j %-d/%-m %H:%M:%S') }}")
        let day = try #require(JinjaDate("2023-03-05"))
        #expect(try program.render([], date: day).string == "Sun 05 Mar 2023 064 5/3 00:00:00")
        #expect(try program.render([]).string == "Fri 26 Jul 2024 208 26/7 00:00:00")
        #expect(JinjaDate("2024-02-29")?.text == "2024-02-29")
        for text in ["2023-02-29", "2024-13-01", "2024-00-01", "24-01-01", "2024-1-1", "2024/01/01", "", "2024-01-01T"]
        {
            #expect(JinjaDate(text) == nil, "\(text)")
        }
    }
}
