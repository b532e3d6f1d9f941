// The files of the page at `/` of `luthier serve`, which are in the program: it needs no other file to show it.

/// The files of `Files/` as they are. A new file needs a line here.
package enum PageContent {
    /// Bytes by name.
    package static let files: [String: [UInt8]] = [
        "answers.js": PackageResources.answers_js,
        "chart.js": PackageResources.chart_js,
        "chat.js": PackageResources.chat_js,
        "data.js": PackageResources.data_js,
        "difference.js": PackageResources.difference_js,
        "elements.js": PackageResources.elements_js,
        "icon.svg": PackageResources.icon_svg,
        "index.html": PackageResources.index_html,
        "jobs.js": PackageResources.jobs_js,
        "page.js": PackageResources.page_js,
        "report.js": PackageResources.report_js,
        "sections.css": PackageResources.sections_css,
        "service.js": PackageResources.service_js,
        "state.js": PackageResources.state_js,
        "style.css": PackageResources.style_css,
        "test.js": PackageResources.test_js,
        "theme.js": PackageResources.theme_js,
        "tune.js": PackageResources.tune_js,
        "widget.js": PackageResources.widget_js,
    ]
}
