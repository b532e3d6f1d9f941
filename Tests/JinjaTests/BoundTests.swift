// Each bound, just kept and just passed; and inputs that would make a careless interpreter run away or trap.

import Foundation
import Jinja
import StrictJSON
import Testing

@Suite struct BoundTests {
    private static func render(_ template: String, _ bounds: JinjaBounds = .init()) throws(JinjaError) -> String {
        try JinjaProgram(template, bounds: bounds).render([]).string
    }

    private static func defect(_ template: String, _ bounds: JinjaBounds = .init()) -> JinjaDefect? {
        do throws(JinjaError) {
            _ = try render(template, bounds)
            return nil
        } catch { return error.defect }
    }

    private static func nested(_ depth: Int) -> String {
        String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }

    @Test func sizeOfTheTemplate() {
        var bounds = JinjaBounds()
        bounds.templateBytes = 4
        #expect(Self.defect("éé", bounds) == nil)
        #expect(Self.defect("éé.", bounds) == .templateTooLarge(bytes: 5, limit: 4))
    }

    @Test func nesting() {
        #expect(Self.defect("{% set x = \(Self.nested(60)) %}") == nil)
        #expect(Self.defect("{% set x = \(Self.nested(70)) %}") == .nestedTooDeep(limit: 64))
        let tags = String(repeating: "{% if 1 %}", count: 100_000)
        #expect(Self.defect(String(tags.prefix(200_000))) == .nestedTooDeep(limit: 64))
        for opening in ["(", "[", "{1:", "-", "a[", "f(", "not (", "a if b else ", "x|d("] {
            let text = "{{ " + String(repeating: opening, count: 20_000)
            #expect(Self.defect(text + "1 }}") != nil, "\(opening)")
            #expect(Self.defect(text) != nil, "\(opening)")
        }
        // These are flat.
        #expect(Self.defect("{{ 1" + String(repeating: " + 1", count: 10_000) + " }}") == nil)
        #expect(Self.defect("{{ " + String(repeating: "not ", count: 10_000) + " 1 }}") == nil)
        #expect(Self.defect("{{ x" + String(repeating: "|string", count: 10_000) + " }}") == nil)
        #expect(Self.defect("{% if 0 %}" + String(repeating: "{% elif 0 %}", count: 10_000) + "{% endif %}") == nil)
    }

    @Test func steps() {
        var bounds = JinjaBounds()
        bounds.steps = 1000
        #expect(Self.defect("{% for i in range(100) %}{{ i }}{% endfor %}", bounds) == nil)
        #expect(Self.defect("{% for i in range(400) %}{{ i }}{% endfor %}", bounds) == .tooManySteps(limit: 1000))
        // The same list again and again: small in memory, endless when printed or compared.
        let doubling = "{% set n = namespace(x=[1]) %}{% for i in range(50) %}{% set n.x = [n.x, n.x] %}{% endfor %}"
        for use in ["{{ n.x }}", "{{ n.x|tojson }}", "{{ n.x == [n.x[0], n.x[1]] }}", "{{ n.x < [n.x[0], n.x[1]] }}"] {
            let defect = Self.defect(doubling + use)
            let isBound = defect == .tooManySteps(limit: 10_000_000) || defect == .textTooLong(limit: 16 << 20)
            #expect(isBound, "\(use)")
        }
        let tuples = doubling.replacing("[1]", with: "(1,)").replacing("[n.x, n.x]", with: "(n.x, n.x)")
        #expect(Self.defect(tuples + "{{ {n.x: 1} }}") == .tooManySteps(limit: 10_000_000))
    }

    @Test func iterations() {
        var bounds = JinjaBounds()
        bounds.iterations = 20
        #expect(Self.defect("{% for i in range(20) %}{% endfor %}", bounds) == nil)
        let twice = "{% for i in range(4) %}{% for j in range(5) %}{% endfor %}{% endfor %}"
        #expect(Self.defect(twice, bounds) == .tooManyIterations(limit: 20))
        #expect(Self.defect("{% for i in range(21) if 0 %}{% endfor %}", bounds) == .tooManyIterations(limit: 20))
    }

    @Test func lengthOfTexts() {
        var bounds = JinjaBounds()
        bounds.textLength = 10
        #expect(Self.defect("{{ '12345' ~ 67890 }}", bounds) == nil)
        let longer = [
            "{{ '12345' ~ 678901 }}", "{{ '123456' + '78901' }}", "{{ 'ab' * 6 }}", "1234567{{ 8901 }}",
            "{{ 'aaaaaa'.replace('a', 'bb') }}", "{{ ['123456', '78901'] | join }}", "{{ '12345' | indent(11, true) }}",
            "{{ ['123456'] | string }}{{ ['1234567'] }}", "{{ '123456789' | tojson }}", "{{ '12345678901' | upper }}",
        ]
        for template in longer { #expect(Self.defect(template, bounds) == .textTooLong(limit: 10), "\(template)") }
        // The same where nothing is written.
        for template in ["{% set x = '123456' + '78901' %}", "{% set x = '12345678901' | upper %}"] {
            #expect(Self.defect(template, bounds) == .textTooLong(limit: 10), "\(template)")
        }
        #expect(Self.defect("{{ 'a' * 99999999999 }}") == .textTooLong(limit: 16 << 20))
        #expect(Self.defect("{{ [1] * 9223372036854775807 }}") == .textTooLong(limit: 16 << 20))
    }

    @Test func depthOfEvaluation() {
        var bounds = JinjaBounds()
        bounds.evaluationDepth = 2
        #expect(Self.defect("{{ 1 }}", bounds) == nil)
        #expect(Self.defect("{{ [1] }}", bounds) == .evaluatedTooDeep(limit: 2))
        let endless = "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}"
        #expect(Self.defect(endless) == .evaluatedTooDeep(limit: 160))
        let deep = "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(20) }}"
        #expect(Self.defect(deep) == nil)
    }

    @Test func depthOfValues() {
        let grow = "{% set n = namespace(x=[]) %}{% for i in range(COUNT) %}{% set n.x = VALUE %}{% endfor %}"
        for value in ["[n.x]", "(n.x,)", "{'a': n.x}", "dict(a=n.x)", "[n.x] | map('first')", "[n.x] | reverse"] {
            let template = grow.replacing("VALUE", with: value)
            #expect(Self.defect(template.replacing("COUNT", with: "20")) == nil, "\(value)")
            if !value.contains("first") {
                #expect(
                    Self.defect(template.replacing("COUNT", with: "100000")) == .valueTooDeep(limit: 64), "\(value)")
            }
        }
        #expect(throws: JinjaError(position: .init(line: 1, column: 1), defect: .valueTooDeep(limit: 64))) {
            let value = JinjaValue(try JSONText.parse(Self.nested(65)), source: 1)
            _ = try JinjaProgram("{{ x }}").render([("x", value)])
        }
    }

    @Test func lengthOfRanges() {
        #expect(Self.defect("{% set x = range(100000) %}") == nil)
        #expect(Self.defect("{% set x = range(100001) %}") == .rangeTooLong(limit: 100_000))
        #expect(Self.defect("{% set x = range(-9223372036854775807, 9223372036854775807) %}") == .overflow)
        #expect(Self.defect("{{ range(0, 9223372036854775807, 9223372036854775806)[::5] }}") == .overflow)
    }

    /// Texts in which a naive search looks at every character again and again.
    @Test(.timeLimit(.minutes(1))) func searchesAreShort() throws {
        let long = "{% set t = 'a' * 300000 %}{% set p = 'a' * 150000 ~ 'b' %}"
        #expect(
            try Self.render(long + "{{ p in t }}{{ t.find(p) }}{{ t.replace(p, '') == t }}{{ t.split(p)|length }}")
                == "False-1True1")
    }

    /// The deepest templates and values, on the smallest stack that a thread may have on any system.
    @Test func aSmallStackIsEnough() throws {
        let recursive =
            "{% macro m(n) %}{% if 1 %}{% for i in [n] %}{% filter trim %}{{ (1 + [m(n)|length][0]) }}"
            + "{% endfilter %}{% endfor %}{% endif %}{% endmacro %}{{ m(1) }}"
        var templates = [recursive, "{{ \(Self.nested(62)) }}", "{{ \(Self.nested(62))|tojson }}"]
        for opening in [
            "(", "[", "{1:", "-", "a[", "f(", "not (", "a if b else ", "x|d(", "1 or 2 and 3 == 4 + 5 ~ 6 * 7 ** (",
        ] {
            templates.append("{{ " + String(repeating: opening, count: 100) + "1 }}")
        }
        for tag in [
            "if 1", "for i in [1]", "with x = 1", "set x", "filter trim", "macro m()", "call m()", "generation",
        ] {
            templates.append(String(repeating: "{% \(tag) %}", count: 100))
            let end = "{% end\(tag.split(separator: " ")[0]) %}"
            templates.append(
                "{% macro m() %}{{ caller() }}{% endmacro %}" + String(repeating: "{% \(tag) %}", count: 60)
                    + String(repeating: end, count: 60))
        }
        let all = templates
        let done = DispatchSemaphore(value: 0)
        let thread = Thread {
            for template in all { _ = Self.defect(template) }
            done.signal()
        }
        thread.stackSize = 512 << 10
        thread.start()
        done.wait()
    }

    /// Pieces of templates in any order: nothing may trap, and nothing may take long.
    @Test func piecesInAnyOrder() {
        let pieces = [
            "{{", "}}", "{%", "%}", "{#", "#}", "-", "+", " ", "\n", "'", "\"", "\\", "(", ")", "[", "]", "{", "}", "a",
            "x", "for",
            "in", "if", "else", "elif", "endif", "endfor", "set", "endset", "=", "macro", "endmacro", "call", "endcall",
            "filter",
            "endfilter", "raw", "endraw", "generation", "endgeneration", "loop", ".", ",", ":", "|", "is", "not", "and",
            "or",
            "1", "0", "2.5", "1e9", "~", "*", "**", "//", "/", "%", "==", "<", ">=", "none", "true", "namespace",
            "range", "dict",
            "tojson", "map", "select", "trim", "join", "split", "replace", "items", "length", "é", "\u{0}", "😀",
            "[::-1]", "[1:]",
            "{% for x in a %}", "{% endfor %}", "{% if a %}", "{% endif %}", "{{ x }}", "\\u12", "9223372036854775807",
        ]
        var state: UInt64 = 7
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        var bounds = JinjaBounds()
        (bounds.steps, bounds.iterations, bounds.textLength) = (20_000, 1000, 10_000)
        var rendered = 0
        for _ in 0..<30_000 {
            let template = (0..<next(25)).map { _ in pieces[next(pieces.count)] + (next(2) == 0 ? " " : "") }.joined()
            do throws(JinjaError) {
                let value = JinjaValue(list: [.init("t"), .init(list: [])])
                _ = try JinjaProgram(template, bounds: bounds).render([("a", value)])
                rendered += 1
            } catch { #expect("\(error)".hasPrefix("line "), "\(template)") }
        }
        #expect(rendered > 1000)
    }
}
