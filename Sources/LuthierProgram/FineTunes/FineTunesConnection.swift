// The options of every `luthier fine-tunes` command, and the service that they lead to.

import Arguments
import Processes
import Service

/// The running service, or the data folder itself where none runs.
struct FineTunesConnection: ParsableArguments {
    @Option(help: "Port of the running service on this machine.")
    var port = 8080
    @Option(help: ArgumentHelp("Folder of the files, jobs and events, where no service runs.", valueName: "folder"))
    var data = "service"
    @Option(help: ArgumentHelp("Config of the service: JSON with // comments.", valueName: "file"))
    var config: String?
    @Option(help: ArgumentHelp("File with the API key of the service.", valueName: "file"))
    var keyFile: String?

    mutating func validate() throws(ValidationError) {
        guard (1...65535).contains(port) else { throw ValidationError("--port \(port) must be from 1 to 65535") }
        guard !data.isEmpty else { throw ValidationError("--data must not be empty") }
    }

    /// Finds the service, and closes it afterwards.
    func use<Result>(_ body: (FineTunesClient) throws -> Result) throws -> Result {
        var settings = ServiceSettings()
        if let config { try settings.read(path: config) }
        settings.dataFolder = data
        settings.version = Luthier.version
        let key = try ServiceKey.find(keyFile: keyFile ?? settings.keyFile)
        let network = NetworkCaller(port: port, key: key)
        let caller: any ServiceCaller
        if try network.isThere() {
            caller = network
        } else {
            Console.message("no service runs at port \(port): the folder \(data) is used directly")
            caller = try DirectCaller(settings, launcher: .program(ChildProcess.ownProgram)) { _ in }
        }
        defer { caller.close() }
        return try body(FineTunesClient(caller, uploadBytes: settings.uploadBytes))
    }
}
