// Every way in which a template can be wrong or ask for more than is evaluated here, with its place.

import Jinja
import StrictJSON
import Testing

@Suite struct RefusalTests {
    private static func message(_ template: String, _ variables: [(String, JinjaValue)] = []) -> String {
        do throws(JinjaError) {
            return "rendered: " + (try JinjaProgram(template).render(variables.map { ($0.0, $0.1) }).string)
        } catch { return "\(error)" }
    }

    /// Found when the template is read: also in a branch that is never taken.
    static let whenRead: [(template: String, message: String)] = [
        ("\n {{ a ? b }}", "line 2, column 7: the character ? has no meaning here"),
        ("a\n{# b", "line 2, column 1: a comment begins here and does not end"),
        ("{{ 'a }}", "line 1, column 4: a string begins here and does not end"),
        ("{% raw %}a", "line 1, column 1: {% raw %} begins here and does not end"),
        ("x {{ (a }}", "line 1, column 9: found } where ) is expected"),
        ("x {{ a ", "line 1, column 3: {{ begins here and does not end"),
        ("x {% if a ", "line 1, column 3: {% begins here and does not end"),
        ("{{ a) }}", "line 1, column 5: found ) where an expression is expected"),
        ("{{ a b }}", "line 1, column 6: found b where }} is expected"),
        ("{% if a %}\n{% for b in c %}{% endfor %}", "line 1, column 4: {% if %} has no end"),
        ("{% if a %}\n{% for b in c %}{% endif %}", "line 2, column 20: {% endif %} belongs to nothing that is open"),
        ("{% endmacro %}", "line 1, column 4: {% endmacro %} belongs to nothing that is open"),
        (#"{{ "\x1" }}"#, #"line 1, column 5: \x needs 2 hexadecimal digits"#),
        (#"{{ "\ud800" }}"#, #"line 1, column 5: \u names no character"#),
        (#"{{ "\N{DASH}" }}"#, #"line 1, column 5: \N in a string is not supported"#),
        ("{{ 9223372036854775808 }}", "line 1, column 4: the number 9223372036854775808 is too large"),
        ("{{ 1e999 }}", "line 1, column 4: the number 1e999 is too large"),
        ("{{ 012 }}", "line 1, column 4: found a number that begins with 0 where a number is expected"),
        ("{{ é }}", "line 1, column 4: the character é has no meaning here"),
        ("{% set loop = 1 %}", "line 1, column 8: nothing can be assigned to loop"),
        (
            "{% set a._b = 1 %}",
            "line 1, column 10: nothing can be assigned to an attribute that begins with an underscore"
        ),
        ("{% macro m(a, a) %}{% endmacro %}", "line 1, column 16: nothing can be assigned to a twice"),
        ("{% for a.b in c %}{% endfor %}", "line 1, column 9: found . where in is expected"),
        ("{% set 'a' = 1 %}", "line 1, column 8: found a string where a name is expected"),
        ("{% set if = 1 %}", "line 1, column 8: found if where a name is expected"),
        ("{% if a %}{% break %}{% endif %}", "line 1, column 14: {% break %} is outside a loop"),
        (
            "{% for a in b %}{% macro m() %}{% continue %}{% endmacro %}{% endfor %}",
            "line 1, column 35: {% continue %} is outside a loop"
        ),
        ("{{ a is defined b }}", "line 1, column 9: found 1 arguments where the test defined with 0 is expected"),
        ("{{ a[] }}", "line 1, column 6: found ] where an expression is expected"),
        ("{{ a[1:2:3:4] }}", "line 1, column 11: found : where ] is expected"),
        ("{{ {1} }}", "line 1, column 6: found } where : is expected"),
        ("{{ f(a=1, 2) }}", "line 1, column 11: found a number where an argument with a name is expected"),
        ("{{ f(a=1, a=2) }}", "line 1, column 11: found a again where another argument is expected"),
        ("{% macro m(a=1, b) %}{% endmacro %}", "line 1, column 18: found ) where = and a value is expected"),
        ("{% call 1 %}{% endcall %}", "line 1, column 9: found an expression where a call is expected"),

        ("{% include 'a' %}", "line 1, column 4: the tag include is not supported"),
        ("{% block a %}{% endblock %}", "line 1, column 4: the tag block is not supported"),
        ("{% autoescape true %}{% endautoescape %}", "line 1, column 4: the tag autoescape is not supported"),
        ("{% do a %}", "line 1, column 4: the tag do is not supported"),
        ("{{ a | escape }}", "line 1, column 8: the filter escape is not supported"),
        ("{{ a | tojson.x }}", "line 1, column 8: the filter tojson.x is not supported"),
        ("{{ a is escaped }}", "line 1, column 9: the test escaped is not supported"),
        ("{{ lipsum() }}", "line 1, column 4: the function lipsum is not supported"),
        ("{% set j = joiner %}", "line 1, column 12: the function joiner is not supported"),
        ("{{ get_tools() }}", "line 1, column 13: the function get_tools is not supported"),
        ("{{ loop(a) }}", "line 1, column 8: the function loop is not supported"),
        ("{{ a.format(1) }}", "line 1, column 6: the method format is not supported"),
        ("{{ a.append(1) }}", "line 1, column 6: the method append is not supported"),
        ("{{ f(*a) }}", "line 1, column 6: spreading arguments with * is not supported"),
        ("{{ f(**a) }}", "line 1, column 6: spreading arguments with ** is not supported"),
        ("{{ a[1, 2] }}", "line 1, column 7: a list of indices is not supported"),
        ("{% for a in b recursive %}{% endfor %}", "line 1, column 15: a recursive loop is not supported"),
        ("{% macro m(caller) %}{% endmacro %}", "line 1, column 12: caller as a parameter is not supported"),
        (
            "{% macro m() %}{{ caller() }}{% endmacro %}{% call m() %}{{ caller() }}{% endcall %}",
            "line 1, column 47: caller inside the block of a call is not supported"
        ),
        ("{{ (a | safe) + b }}", "line 1, column 9: the filter safe inside an expression is not supported"),
        ("{{ a + b | safe }}", "line 1, column 12: the filter safe inside an expression is not supported"),
        ("{% set a = b | safe %}", "line 1, column 16: the filter safe inside an expression is not supported"),
        ("{{ a | trim(b) () }}", "line 1, column 16: a call of what a filter or a test gives is not supported"),
    ]

    @Test(arguments: whenRead) func isRefusedWhenRead(template: String, message: String) {
        #expect(Self.message(template) == message)
        // What only rendering shows would not show here.
        if !template.contains("\n"), !message.contains("end") {
            #expect(throws: JinjaError.self) { try JinjaProgram("{% if false %}" + template + "{% endif %}") }
        }
    }

    /// Found when the template is rendered.
    static let whenRendered: [(template: String, message: String)] = [
        ("{{ raise_exception('no ' ~ 1) }}", "line 1, column 19: the template refuses this: no 1"),
        ("a\n {{ x.y }}", "line 2, column 7: x is undefined"),
        ("{{ x['y'] }}", "line 1, column 5: x is undefined"),
        ("{{ m.nope.y }}", "line 1, column 11: a mapping has no attribute nope"),
        ("{{ m['nope'].y }}", "line 1, column 14: a mapping has no element nope"),
        ("{{ l[7].y }}", "line 1, column 9: a list has no element 7"),
        ("{{ (1 if false).y }}", "line 1, column 17: the condition on line 1, column 5 is false, and it has no else"),
        ("{{ x + 1 }}", "line 1, column 6: x is undefined"),
        ("{{ -x }}", "line 1, column 4: x is undefined"),
        ("{{ 1 < x }}", "line 1, column 6: x is undefined"),
        ("{{ x() if x is defined }}{{ x() }}{% macro x() %}{% endmacro %}", "line 1, column 30: x is undefined"),
        ("{{ x | tojson }}", "line 1, column 8: something undefined cannot be written as JSON"),
        ("{{ 'a' + 1 }}", "line 1, column 8: + does not take a string and an integer"),
        ("{{ -'a' }}", "line 1, column 4: a string has no sign"),
        ("{{ 1 < 'a' }}", "line 1, column 6: < does not take an integer and a string"),
        ("{{ 1 in 'a' }}", "line 1, column 6: an integer cannot be in a string"),
        ("{{ 1 in 2 }}", "line 1, column 6: an integer has no elements"),
        ("{% for a in none %}{% endfor %}", "line 1, column 13: none has no elements"),
        ("{{ 5 | length }}", "line 1, column 8: an integer has no length"),
        ("{{ 5[1:] }}", "line 1, column 5: an integer cannot be sliced"),
        ("{{ l['a':] }}", "line 1, column 6: a string cannot bound a slice"),
        ("{{ l[::0] }}", "line 1, column 5: the step of a slice cannot be 0"),
        ("{{ {l: 1} }}", "line 1, column 5: a list cannot be a key of a mapping"),
        ("{{ 1 / 0 }}", "line 1, column 6: a division by zero"),
        ("{{ 1 // 0.0 }}", "line 1, column 6: a division by zero"),
        ("{{ 9223372036854775807 + 1 }}", "line 1, column 24: an integer is too large for 64 bits"),
        ("{{ -(-9223372036854775807 - 1) }}", "line 1, column 4: an integer is too large for 64 bits"),
        ("{{ (-9223372036854775807 - 1) // -1 }}", "line 1, column 31: an integer is too large for 64 bits"),
        ("{{ 3 ** 50 }}", "line 1, column 6: an integer is too large for 64 bits"),
        ("{{ '99999999999999999999' | int }}", "line 1, column 29: an integer is too large for 64 bits"),
        ("{% set a, b = 1, 2, 3 %}", "line 1, column 21: 3 values cannot be assigned to 2 names"),
        ("{% set m.b = 1 %}", "line 1, column 8: nothing can be assigned to m.b: it is no namespace"),
        ("{% macro m(a) %}{% endmacro %}{{ m(1, 2) }}", "line 1, column 35: the macro m takes 1 arguments, not 2"),
        (
            "{% macro m(a) %}{% endmacro %}{{ m(b=2) }}",
            "line 1, column 35: the macro m does not take the argument b"
        ),
        (
            "{% macro m(a) %}{% endmacro %}{% call m() %}{% endcall %}",
            "line 1, column 31: the macro m takes no block"
        ),
        ("{{ 'a'.split('') }}", "line 1, column 13: the separator is empty"),
        ("{{ 'a'.replace('b') }}", "line 1, column 15: replace lacks the argument new"),
        ("{{ 'a'.strip(1) }}", "line 1, column 13: strip takes a string, not an integer"),
        ("{{ 'a'.index('b') }}", "line 1, column 13: the string has no such part"),
        ("{{ l.get(1) }}", "line 1, column 9: a list has no attribute get"),
        ("{{ ', '.join(l) }}", "line 1, column 13: join takes a string, not an integer"),
        ("{{ l | map('string') | length }}", "line 1, column 24: an iterator has no length"),
        ("{{ [1, 'a'] | sort }}", "line 1, column 15: < does not take a string and an integer"),
        ("{{ 5() }}", "line 1, column 5: an integer cannot be called"),
        ("{{ dict([1]) }}", "line 1, column 8: an integer has no elements"),
        ("{{ range(1, 2, 0) }}", "line 1, column 9: the step of a range cannot be 0"),

        ("{{ 'a'.zfill }}", "line 1, column 8: the attribute zfill of a string is not supported"),
        ("{{ m['fromkeys'] }}", "line 1, column 5: the attribute fromkeys of a mapping is not supported"),
        ("{{ 5.0.real }}", "line 1, column 8: the attribute real of a float is not supported"),
        ("{{ l.__class__ }}", "line 1, column 6: the attribute __class__ of a list is not supported"),
        ("{{ m.items }}", "line 1, column 6: printing the method items is not supported"),
        ("{{ m.items() }}", "line 1, column 11: printing a view of a mapping is not supported"),
        ("{{ l | map('string') }}", "line 1, column 8: printing an iterator is not supported"),
        ("{{ namespace() }}", "line 1, column 13: printing a namespace is not supported"),
        ("{{ range }}", "line 1, column 4: printing the function range is not supported"),
        (
            "{% macro m() %}{% endmacro %}{{ [m] }}",
            "line 1, column 34: a macro inside a list or a mapping is not supported"
        ),
        (
            "{% set n = namespace() %}{% set n.n = n %}",
            "line 1, column 39: a namespace inside a namespace is not supported"
        ),
        (
            "{% for a in l %}{{ {'a': loop} }}{% endfor %}",
            "line 1, column 21: the variable loop inside a mapping is not supported"
        ),
        ("{{ '%s' % 1 }}", "line 1, column 9: formatting a string with % is not supported"),
        ("{{ 2 ** -1 }}", "line 1, column 6: ** with a negative exponent is not supported"),
        ("{{ 2 ** 0.5 }}", "line 1, column 6: ** with other than integers is not supported"),
        ("{{ 'ff' | int(base=16) }}", "line 1, column 11: the filter int with a base other than 10 is not supported"),
        ("{{ l | map('nope') | list }}", "line 1, column 8: the filter nope is not supported"),
        ("{{ l | select('nope') | list }}", "line 1, column 8: the test nope is not supported"),
        ("{{ l is sameas l }}", "line 1, column 9: sameas with other than true, false and none is not supported"),
        (
            "{{ m.keys() == m.keys() }}",
            "line 1, column 13: comparing a view of a mapping with another is not supported"
        ),
        ("{{ strftime_now('%Q') }}", "line 1, column 16: %Q in a date is not supported"),
        ("{{ strftime_now('%') }}", "line 1, column 16: %% in a date is not supported"),
    ]

    @Test(arguments: whenRendered) func isRefusedWhenRendered(template: String, message: String) throws {
        let values = try #require(JSONText.parse(#"{"m": {"a": 1}, "l": [1, 2]}"#).object).members
        let variables = values.map { ($0.key, JinjaValue($0.value, source: 1)) }
        #expect(throws: Never.self) { try JinjaProgram(template) }
        #expect(Self.message(template, variables) == message)
    }
}
