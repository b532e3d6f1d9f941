// `luthier fine-tunes`: the words of OpenAI's former command line, for the service of this machine.

import Arguments
import Foundation
import Service
import StrictJSON

struct FineTunesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fine-tunes", abstract: "Make and follow fine-tunes of the service, as OpenAI's command line did.",
        discussion: "The service at 127.0.0.1 is asked; where none runs, the work is done on its data folder directly. "
            + "The API key is that of --key-file, of keyFile in the config, or of LUTHIER_API_KEY.",
        subcommands: [
            Create.self, Follow.self, List.self, Get.self, Cancel.self, Events.self, Results.self,
        ],
        examples: ["luthier fine-tunes create -t questions.jsonl -m smollm2-135m"])

    /// The job that a command is about.
    struct Job: ParsableArguments {
        @Option(name: [.customShort("i"), .customLong("id")], help: "Id of the job, ft-… or ftjob-….")
        var id: String
    }

    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Upload the data and make a fine-tune.",
            examples: ["luthier fine-tunes create -t questions.jsonl -m smollm2-135m --n-epochs 2"])
        @OptionGroup var connection: FineTunesConnection
        @Option(
            name: [.customShort("t"), .customLong("training-file")],
            help: ArgumentHelp("JSONL file to train on, or the id of an uploaded one.", valueName: "file"))
        var trainingFile: String
        @Option(
            name: [.customShort("v"), .customLong("validation-file")],
            help: ArgumentHelp("JSONL file to measure with, or the id of an uploaded one.", valueName: "file"))
        var validationFile: String?
        @Option(name: [.customShort("m"), .long], help: ArgumentHelp("Model to start from.", completion: .model))
        var model: String
        @Option(help: "Text of up to 40 characters in the name of the tuned model.")
        var suffix: String?
        @Option(name: .customLong("n-epochs"), help: ArgumentHelp("Epochs, 1 to 50; by default 4.", valueName: "n"))
        var epochs: Int?
        @Option(help: "Sequences in a batch, 1 to 256; chosen where it is omitted.")
        var batchSize: Int?
        @Option(help: "Factor of the learning rate; chosen where it is omitted.")
        var learningRateMultiplier: Double?
        @Option(help: "Weight of the prompt's tokens in the loss, 0 to 1.")
        var promptLossWeight: Double?
        @Flag(help: "Measure a classifier after each epoch; needs a validation file.")
        var computeClassificationMetrics = false
        @Option(name: .customLong("classification-n-classes"), help: ArgumentHelp("Number of classes.", valueName: "n"))
        var classCount: Int?
        @Option(help: "The positive one of two classes.")
        var classificationPositiveClass: String?
        @Option(help: "Beta of an F score; may be repeated.")
        var classificationBetas: [Double] = []
        @Flag(help: "Do not wait for the end.")
        var noFollow = false

        mutating func run() throws {
            StopSignal.install()
            try connection.use { client in
                var members: [(key: String, value: JSONOutput)] = [
                    ("training_file", .string(try upload(trainingFile, client)))
                ]
                if let validationFile {
                    members.append(("validation_file", .string(try upload(validationFile, client))))
                }
                let job = try client.create(members + settings)
                let id = job.object?["id"]?.string ?? ""
                guard !noFollow else {
                    Console.output(JSONOutput(job).serialized(pretty: true) + "\n")
                    return
                }
                Console.output(
                    "Created fine-tune: \(id)\nStreaming events until fine-tuning is complete...\n\n"
                        + "(Ctrl-C will interrupt the stream, but not cancel the fine-tune)\n")
                guard try FineTuneFollower(client: client, id: id).follow() else { throw ExitCode.failure }
            }
        }

        private func upload(_ path: String, _ client: FineTunesClient) throws -> String {
            let (id, isNew) = try client.file(path)
            if isNew { Console.output("Uploaded file from \(path): \(id)\n") }
            return id
        }

        /// What was given; the service has the defaults.
        private var settings: [(key: String, value: JSONOutput)] {
            var members: [(key: String, value: JSONOutput)] = [("model", .string(model))]
            func add(_ key: String, _ value: JSONOutput?) { if let value { members.append((key, value)) } }
            add("suffix", suffix.map { .string($0) })
            add("n_epochs", epochs.map { .integer($0) })
            add("batch_size", batchSize.map { .integer($0) })
            add("learning_rate_multiplier", learningRateMultiplier.map { .number($0) })
            add("prompt_loss_weight", promptLossWeight.map { .number($0) })
            add("compute_classification_metrics", computeClassificationMetrics ? .bool(true) : nil)
            add("classification_n_classes", classCount.map { .integer($0) })
            add("classification_positive_class", classificationPositiveClass.map { .string($0) })
            add(
                "classification_betas",
                classificationBetas.isEmpty ? nil : .array(classificationBetas.map { .number($0) }))
            return members
        }
    }

    struct Follow: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the events of a job until it is over.",
            examples: ["luthier fine-tunes follow -i ftjob-123"])
        @OptionGroup var connection: FineTunesConnection
        @OptionGroup var job: Job

        mutating func run() throws {
            StopSignal.install()
            try connection.use { client in
                guard try FineTuneFollower(client: client, id: job.id).follow() else { throw ExitCode.failure }
            }
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List all jobs, the oldest first.",
            examples: ["luthier fine-tunes list"])
        @OptionGroup var connection: FineTunesConnection

        mutating func run() throws {
            let jobs = try connection.use { try $0.list() }
            let list: JSONOutput = ["object": "list", "data": .array(jobs.map { JSONOutput($0) })]
            Console.output(list.serialized(pretty: true) + "\n")
        }
    }

    struct Get: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a job.",
            examples: ["luthier fine-tunes get -i ftjob-123"])
        @OptionGroup var connection: FineTunesConnection
        @OptionGroup var job: Job

        mutating func run() throws {
            let found = try connection.use { try $0.job(job.id) }
            Console.output(JSONOutput(found).serialized(pretty: true) + "\n")
        }
    }

    struct Cancel: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Cancel a job.",
            examples: ["luthier fine-tunes cancel -i ftjob-123"])
        @OptionGroup var connection: FineTunesConnection
        @OptionGroup var job: Job

        mutating func run() throws {
            let cancelled = try connection.use { client in
                let found = try client.cancel(job.id)
                // A process that a killed service has left is ended by the work on the folder, which begins here.
                if client.caller.endsWithCommand { client.caller.start() }
                return found
            }
            Console.output(JSONOutput(cancelled).serialized(pretty: true) + "\n")
        }
    }

    struct Events: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the events of a job up to now.",
            examples: ["luthier fine-tunes events -i ftjob-123"])
        @OptionGroup var connection: FineTunesConnection
        @OptionGroup var job: Job

        mutating func run() throws {
            let events = try connection.use { try $0.events(job.id) }
            let list: JSONOutput = [
                "object": "list",
                "data": .array(
                    events.map { ["created_at": .integer($0.created), "message": .string($0.message)] }),
            ]
            Console.output(list.serialized(pretty: true) + "\n")
        }
    }

    struct Results: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the table of a job's results.",
            examples: ["luthier fine-tunes results -i ftjob-123 > results.csv"])
        @OptionGroup var connection: FineTunesConnection
        @OptionGroup var job: Job

        mutating func run() throws {
            Console.raw(try connection.use { try $0.results(job.id) })
        }
    }
}
