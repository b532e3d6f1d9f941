// `luthier completion`: scripts that complete command lines, and the manual page.

import Arguments
import Training

struct CompletionCommand: ParsableCommand {
    /// What can be written.
    enum Form: String, CaseIterable, ExpressibleByArgument {
        case bash, zsh, fish, man
    }

    static let configuration = CommandConfiguration(
        commandName: "completion", abstract: "Print the completion script of a shell, or the manual page.",
        discussion: "`make install` puts all four where the shells and man look for them. Without it:\n"
            + "  bash  put 'source <(luthier completion bash)' into ~/.bashrc\n"
            + "  zsh   put 'source <(luthier completion zsh)' into ~/.zshrc, after compinit\n"
            + "  fish  luthier completion fish > ~/.config/fish/completions/luthier.fish\n"
            + "  man   luthier completion man | man -l -",
        examples: ["luthier completion fish > ~/.config/fish/completions/luthier.fish"])

    @Argument(help: "The shell, or man for the manual page.")
    var form: Form

    mutating func run() {
        if let shell = Shell(rawValue: form.rawValue) {
            Console.raw(CompletionScript(Luthier.self).text(for: shell))
        } else {
            Console.raw(ManualPage(Luthier.self, date: Luthier.date, sections: CompletionCommand.sections).text)
        }
    }

    /// What a manual page says and no definition does.
    private static let sections: [(title: String, items: [(label: String, text: String)])] = [
        (
            "Exit status",
            [
                ("0", "Done."), ("1", "Failed; the last line of standard error says why and what to do."),
                ("2", "The command line is wrong."),
                ("130, 143", "Stopped by SIGINT or SIGTERM, after saving; --resume continues."),
            ]
        ),
        (
            "Environment",
            [
                ("LUTHIER_CACHE", "Folder of fetched models, by default ~/.cache/luthier."),
                ("LUTHIER_API_KEY", "The key of the service."),
                ("NO_COLOR", "Set to any value: no colour."),
                (
                    "HF_TOKEN, HF_ENDPOINT, HF_HOME, HF_HUB_CACHE, HF_HUB_OFFLINE",
                    "As Hugging Face's libraries use them."
                ),
            ]
        ),
        (
            "Files",
            [
                ("checkpoints/RUN/", "A run: its config, logs, checkpoints and samples."),
                ("service/", "The files, jobs and events of the service."),
            ]
        ),
    ]
}

extension CompletionKind {
    /// `key=value` with a key of the config.
    static var configKeys: CompletionKind { .keys(ConfigKey.all.map(\.path)) }
}
