// `luthier fetch --list`: the cache, and the names that can be fetched.

import Fetching
import StrictJSON

enum CacheListing {
    static func show(_ cache: ModelCache, json: Bool) {
        let models = cache.list()
        Console.output(
            "\(cache.root): \(models.isEmpty ? "empty" : ByteText.text(models.reduce(0) { $0 + $1.bytes }))\n")
        for model in models {
            let licence = model.record?.licence ?? "licence not stated"
            Console.output(
                "  \(model.name)  \(ByteText.text(model.bytes)), \(licence), \(model.defect ?? "complete")\n")
            Console.output("      \(model.path)\n")
        }
        Console.output("can be fetched:\n")
        for model in PublishedModel.all {
            Console.output("  \(model.name)  \(ByteText.text(model.bytes)), \(model.licence)\n")
        }
        Console.output("for indexes of documents:\n")
        for model in PublishedModel.encoders {
            Console.output("  \(model.name)  \(ByteText.text(model.bytes)), \(model.licence)\n")
        }
        Console.output("on the Hugging Face hub, among others:\n")
        for name in PublishedModel.hubNames { Console.output("  \(name)\n") }
        if json { Console.json([("models", .array(models.map(object))), ("names", .array(names))]) }
    }

    private static func object(_ model: CachedModel) -> JSONOutput {
        .object([
            ("name", .string(model.name)), ("path", .string(model.path)), ("bytes", .integer(model.bytes)),
            ("licence", model.record?.licence.map { .string($0) } ?? .null), ("complete", .bool(model.isComplete)),
        ])
    }

    private static var names: [JSONOutput] { PublishedModel.named.map { .string($0.name) } }
}
