// `POST /luthier/rows`: one row of a file as a model sees it in training: its tokens, and which of them count.

import Conversations
import Datasets
import Foundation
import HTTPServer
import Models
import StrictJSON
import Tokenizer

struct RowsRoute {
    let service: FineTuningService

    private static let seconds = 120.0

    func answer(_ request: HTTPRequest) throws -> HTTPResponse {
        var fields = try RequestFields(request)
        let file = try service.file(fields.requiredText("file"), param: "file")
        let model = try service.model(fields.requiredText("model"), param: "model")
        let row = try fields.integer("row", in: 1...Int.max) ?? 1
        try fields.finish()
        let answer = try service.looks.ask(seconds: RowsRoute.seconds, while: request.isConnected) { folder in
            let path = folder + "/rows.jsonl"
            try service.link(file, to: path)
            return RowLook(path: path, name: file.filename, model: model.path, row: row)
        }
        return .json(200, answer)
    }
}

/// Its process.
struct RowLook: Look {
    static let kind = "row"

    let path: String
    let name: String
    let model: String
    let row: Int

    /// Tokens that are shown.
    static let mostTokens = 4_000

    var json: JSONOutput {
        ["path": .string(path), "name": .string(name), "model": .string(model), "row": .integer(row)]
    }
    var names: [(path: String, name: String)] { [(path, name), (model, "the model")] }
    var dataParam: String { "file" }
    var dataCode: String { "invalid_training_file" }

    func answer(in folder: String) throws -> JSONOutput {
        let documents = try Document.documents(of: TextFile(path: path))
        guard let first = documents.first else {
            throw DatasetError.badRow(path: path, line: 1, column: 1, reason: "there are no rows")
        }
        guard first.isRow else {
            throw DatasetError.badRow(
                path: path, line: first.line, column: 1, reason: "every line must be a JSON dictionary")
        }
        guard row <= documents.count else {
            throw APIError.invalid("The file has \(documents.count) rows; there is no row \(row).", param: "row")
        }
        let source = try ModelSource(path: model)
        let document = documents[row - 1]
        let choice = JobTemplate(document, base: source.template, isLegacy: false)
        var options = EncodingOptions()
        options.template = choice.template
        options.contextLength = source.architecture.contextLength
        options.overlong = .truncatePrompt
        let text = try TokenizedText([document], tokenizer: source.tokenizer, options)
        let tokens = text.tokens.indices.prefix(RowLook.mostTokens).map { place -> JSONOutput in
            // A row's first token is never predicted.
            [
                "text": .string(RowView.shown(Int(text.tokens[place]), source.tokenizer, lineFeed: "\n")),
                "weight": .number(place == 0 ? 0 : Double(text.weight(place))),
            ]
        }
        var members: [(key: String, value: JSONOutput)] = [
            ("row", .integer(row)), ("rows", .integer(documents.count)), ("line", .integer(document.line)),
            ("template", .string(!choice.isRaw && source.template != nil ? "base" : choice.template.name)),
            ("tokens", .array(tokens)),
            ("total", .integer(text.tokens.count)), ("trained", .integer(text.predictionCount)),
        ]
        if text.tokens.count > RowLook.mostTokens { members.append(("cut", true)) }
        if let remark = (text.dropped + text.cut).first { members.append(("note", .string(remark.reason))) }
        return .object(members)
    }
}

extension RowLook {
    init?(_ object: JSONObject) {
        guard let path = object["path"]?.string, let name = object["name"]?.string,
            let model = object["model"]?.string, let row = object["row"]?.integer
        else { return nil }
        self.init(path: path, name: name, model: model, row: row)
    }
}
