// Completion scripts and the manual page say what the parser takes.

import Arguments
import Testing

@Suite struct CompletionTests {
    @Test(arguments: Shell.allCases)
    func everyNameIsInTheScript(_ shell: Shell) {
        let script = CompletionScript(Forge.self).text(for: shell)
        for name in [
            "train", "inspect", "tokenizer", "encode", "--config", "-c", "--set", "--learning-rate", "--shuffle",
            "--no-shuffle", "--dry-run", "-n", "--json", "--help", "--version",
        ] {
            #expect(script.contains("'\(name)"), "\(shell): \(name)")
        }
        #expect(!script.contains("PROGRAM"))
    }

    @Test func valuesAreOfferedByKind() {
        let script = CompletionScript(Forge.self).text(for: .bash)
        #expect(script.contains("'forge train|--config') kind='file' ;;"))
        #expect(script.contains("'forge train|--split') kind='words train validation test' ;;"))
        #expect(script.contains("'forge train|--batch-size') kind='text' ;;"))
        #expect(script.contains("'forge inspect|#2') kind='text' ;;"))
        // A flag takes no value.
        #expect(!script.contains("'forge train|--json')"))
    }

    @Test func theManualPage() {
        let page = ManualPage(
            Forge.self, date: "2026-01-02", sections: [("Files", [("'a'/b-c", "A\\B.")])]
        ).text
        #expect(
            page.hasPrefix(
                ".TH FORGE 1 2026-01-02 \"forge 1.2.3\"\n.SH NAME\nforge \\- A tool to test the parser with\n"))
        #expect(page.contains(".SS \"forge tokenizer train\"\n"))
        #expect(page.contains("\\fB\\-c\\fR, \\fB\\-\\-config\\fR \\fIfile\\fR\nThe run's settings. (required)\n"))
        // An apostrophe at the start of a line would be a request of roff.
        #expect(page.contains(".B \\&'a'/b\\-c\nA\\eB.\n"))
        #expect(page.contains(".nf\n  kept   as   it is\n.fi\n"))
    }
}
