// Feeds the interpreter of chat templates with whatever the fuzzer thinks of: it must neither trap nor run on.

import Jinja

/// Called by libFuzzer with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let source = String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    var bounds = JinjaBounds()
    (bounds.steps, bounds.iterations, bounds.textLength) = (50_000, 2000, 20_000)
    guard let program = try? JinjaProgram(source, bounds: bounds) else { return 0 }
    let messages = JinjaValue(list: [
        JinjaValue(members: [("role", .init("user")), ("content", .init("Hi <b>\n", source: 1))]),
        JinjaValue(members: [("role", .init("assistant")), ("content", .init(" é ", source: 2)), ("n", .integer(-3))]),
    ])
    guard let text = try? program.render([("messages", messages), ("x", .number(2.5)), ("eos_token", .init("</s>"))])
    else { return 0 }
    precondition(text.count <= bounds.textLength, "\(text.count) characters")
    let covered = text.spans.reduce(0) { end, span in
        precondition(span.range.lowerBound == end && !span.range.isEmpty, "the spans have a gap or an empty one")
        precondition((0...2).contains(span.origin.source), "an origin that nothing has")
        return span.range.upperBound
    }
    precondition(covered == text.count, "the spans cover \(covered) of \(text.count) characters")
    return 0
}
