// Pieces of HTML: escaping, tables, and the frame of a page.

enum HTML {
    /// Text for an element or an attribute. Control characters, which HTML forbids, become visible.
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            case "\n", "\t": result.unicodeScalars.append(scalar)
            case _ where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value): result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// A table; the first cell of each row is its title.
    ///
    /// - Parameter numeric: columns that are aligned at the right.
    static func table(_ titles: [String], _ rows: [[String]], numeric: Set<Int> = []) -> String {
        guard !rows.isEmpty else { return "" }
        func attribute(_ column: Int) -> String { numeric.contains(column) ? " class=\"number\"" : "" }
        let head = titles.enumerated().map { "<th scope=\"col\"\(attribute($0))>\(escaped($1))</th>" }.joined()
        let body = rows.map { row in
            let cells = row.enumerated().map { column, cell in
                column == 0
                    ? "<th scope=\"row\">\(escaped(cell))</th>" : "<td\(attribute(column))>\(escaped(cell))</td>"
            }
            return "<tr>\(cells.joined())</tr>"
        }
        return
            "<div class=\"scroll\" tabindex=\"0\"><table><thead><tr>\(head)</tr></thead><tbody>\(body.joined(separator: "\n"))"
            + "</tbody></table></div>\n"
    }

    static func section(_ title: String, id: String, _ content: String) -> String {
        content.isEmpty
            ? "" : "<section aria-labelledby=\"\(id)\"><h2 id=\"\(id)\">\(escaped(title))</h2>\n\(content)</section>\n"
    }

    static func paragraph(_ text: String) -> String { "<p>\(escaped(text))</p>\n" }

    static func findings(_ list: [RunFinding]) -> String {
        let items = list.map {
            "<li class=\"\($0.kind.rawValue)\"><strong>\(escaped($0.title))</strong>\(escaped($0.advice))</li>"
        }
        return items.isEmpty ? "" : "<ul class=\"findings\">\(items.joined(separator: "\n"))</ul>\n"
    }

    static func details(_ summary: String, _ content: String) -> String {
        content.isEmpty ? "" : "<details><summary>\(escaped(summary))</summary>\n\(content)</details>\n"
    }

    /// A complete page that needs nothing else, and may load nothing.
    static func page(title: String, _ content: String) -> String {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
        <title>\(escaped(title))</title>
        <style>
        \(style)</style>
        </head>
        <body>
        <main>
        \(content)</main>
        </body>
        </html>

        """
    }

    private static let style = """
        :root { color-scheme: light dark; --paper: light-dark(#f8f6f2, #161412); --surface: light-dark(#fff, #1e1b18);
          --ink: light-dark(#1f1b16, #ede7dd); --muted: light-dark(#655d52, #a89e90); --edge: light-dark(#e6e0d6, #38322b);
          --first: light-dark(#8f3f14, #eba671); --second: light-dark(#0b6b72, #6fc7cc); --good: light-dark(#1d6b3f, #7bcf9b);
          --bad: light-dark(#a4262c, #f2938c); --warn: light-dark(#7a5000, #e5bb62); }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--paper); color: var(--ink); overflow-wrap: anywhere;
          font: 16px/1.55 system-ui, -apple-system, "Segoe UI", "Helvetica Neue", Arial, sans-serif; }
        main { max-width: 62rem; margin: 0 auto; padding: 2rem 1rem 4rem; }
        h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .25rem; overflow-wrap: anywhere; }
        h2 { font-size: 1.25rem; margin: 2.5rem 0 .5rem; }
        h3 { font-size: 1rem; margin: 0; }
        p { max-width: 46rem; margin: .5rem 0; }
        .muted { color: var(--muted); }
        .tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .75rem; margin: 1.25rem 0; padding: 0; }
        .tiles div { background: var(--surface); border: 1px solid var(--edge); border-radius: 10px; padding: .75rem .9rem; }
        .tiles dt { color: var(--muted); font-size: .85rem; }
        .tiles dd { margin: 0; font-size: 1.25rem; font-weight: 650; overflow-wrap: anywhere; }
        .findings { list-style: none; padding: 0; margin: .75rem 0; display: grid; gap: .6rem; }
        .findings li { background: var(--surface); border: 1px solid var(--edge); border-left-width: 4px; border-radius: 8px; padding: .6rem .9rem; }
        .findings li.good { border-left-color: var(--good); }
        .findings li.warning { border-left-color: var(--warn); }
        .findings li.bad { border-left-color: var(--bad); }
        .findings strong { display: block; }
        .charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: 1rem; }
        figure { margin: 0; background: var(--surface); border: 1px solid var(--edge); border-radius: 10px; padding: .75rem; min-width: 0; }
        figcaption { display: flex; flex-wrap: wrap; gap: .25rem 1rem; align-items: baseline; margin-bottom: .25rem; }
        svg { width: 100%; max-width: 32rem; height: auto; display: block; }
        svg text { fill: var(--muted); font-size: 16px; }
        svg .grid { stroke: var(--edge); }
        svg .bar { stroke: var(--first); stroke-width: 2; } svg .dot { fill: var(--first); stroke: var(--first); stroke-width: 1.5; }
        svg .early { fill: var(--surface); } svg .name { fill: var(--ink); }
        polyline { fill: none; stroke-width: 2.5; stroke-linejoin: round; }
        polyline.line0 { stroke: var(--first); } circle.line0 { fill: var(--first); }
        polyline.line1 { stroke: var(--second); stroke-dasharray: 7 4; } circle.line1 { fill: var(--second); }
        .legend { list-style: none; display: flex; gap: 1rem; margin: 0; padding: 0; font-size: .85rem; }
        .legend li::before { content: ""; display: inline-block; width: 1.5rem; margin-right: .4rem; vertical-align: .25em; border-top: 3px solid var(--first); }
        .legend li.line1::before { border-top: 3px dashed var(--second); }
        .scroll { overflow-x: auto; }
        table { border-collapse: collapse; width: 100%; margin: .5rem 0; font-size: .92rem; }
        th, td { text-align: left; vertical-align: top; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--edge); font-weight: 400; overflow-wrap: break-word; }
        thead th { color: var(--muted); font-size: .85rem; }
        th.number, td.number { text-align: right; font-variant-numeric: tabular-nums; }
        details { margin: .75rem 0; }
        summary { cursor: pointer; color: var(--first); }
        code, pre { font: .9em/1.5 ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
        pre { background: var(--surface); border: 1px solid var(--edge); border-radius: 8px; padding: .75rem; overflow-x: auto; }
        .answer { white-space: pre-wrap; }

        """
}
