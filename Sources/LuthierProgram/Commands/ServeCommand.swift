// `luthier serve`: OpenAI's API on this machine, and the page to tune and chat.

import Arguments
import Foundation
import Kernels
import Models
import Page
import Processes
import Service

struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Serve OpenAI's API for fine-tuning and answers on this machine, and a page.",
        discussion:
            "Clients need the address alone: base_url http://127.0.0.1:8080/v1, and any key. Fetched models, runs "
            + "and what jobs have tuned can be asked by their names. Jobs survive the service: they are continued by "
            + "the next one. Another address than 127.0.0.1 needs an API key, from the file of --key-file, of keyFile in "
            + "the config, or from LUTHIER_API_KEY. SIGINT and SIGTERM end the service after the answers that are being "
            + "given; a second one ends it immediately. With --index, chats answer from its documents and name the places.",
        examples: ["luthier serve --port 8080", "luthier serve --index handbook"])

    @Option(help: "Address to listen on.")
    var host = "127.0.0.1"
    @Option(help: "Port to listen on; 0 for a free one.")
    var port = 8080
    @Option(help: ArgumentHelp("Folder of the files, jobs and events.", valueName: "folder"))
    var data = "service"
    @Option(help: ArgumentHelp("Config of the service: JSON with // comments.", valueName: "file"))
    var config: String?
    @Option(help: ArgumentHelp("File with the API key that requests must carry.", valueName: "file"))
    var keyFile: String?
    @Option(
        help:
            "Format of the weights; bf16, int8 and q4 are faster and less exact, in this order.")
    var precision: WeightFormat = .f32
    @OptionGroup var documents: IndexOptions
    @Option(help: "Number of threads (0 = all cores).")
    var threads = 0

    mutating func validate() throws(ValidationError) {
        guard (0...65535).contains(port) else { throw ValidationError("--port \(port) must be from 0 to 65535") }
        guard (0...1024).contains(threads) else { throw ValidationError("--threads \(threads) must be from 0 to 1024") }
        guard !host.isEmpty else { throw ValidationError("--host must not be empty") }
        guard !data.isEmpty else { throw ValidationError("--data must not be empty") }
    }

    mutating func run() throws {
        var settings = ServiceSettings()
        if let config { try settings.read(path: config) }
        settings.dataFolder = data
        settings.version = Luthier.version
        let key = try ServiceKey.find(keyFile: keyFile ?? settings.keyFile)
        var address = ServiceHost.Address()
        (address.host, address.port) = (host, port)
        StopSignal.install()
        try Memory.checkLimits(threads: threads)
        Machine.prepare(threads: threads)
        let service = try ServiceHost(
            settings, at: address, key: key, page: PageFiles(contents: PageContent.files),
            documents: try documents.openShared(), format: precision,
            launcher: .program(ChildProcess.ownProgram)
        ) { line in
            Console.message("\(ServeCommand.time()) \(line)")
        }
        Console.message(
            "Luthier serves \(service.url) (clients: base_url \(service.url)/v1\(key == nil ? "" : ", with the API key")); "
                + "data in \(data), Ctrl-C ends it")
        while StopSignal.reason == nil { usleep(50_000) }
        Console.message(
            "ending: answers that are being given have \(Int(ServeCommand.patience)) s, the running job saves")
        service.stop(draining: ServeCommand.patience)
        Console.message("ended")
    }

    /// Seconds that answers have when the service ends.
    private static let patience = 10.0

    /// `2022-02-15T04:21:04Z`
    private static func time() -> String {
        var (now, parts) = (time_t(Date().timeIntervalSince1970), tm())
        gmtime_r(&now, &parts)
        return String(
            format: "%04d-%02d-%02dT%02d:%02d:%02dZ", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
            parts.tm_hour, parts.tm_min, parts.tm_sec)
    }
}
