// Trains a tiny model from scratch on a text or a file of JSON Lines, and lets it generate.
//
//     swift run -c release tune-and-generate FILE [PROMPT]

import Foundation
import Luthier

/// A model of about a hundred thousand parameters: small enough to be trained in seconds.
func tuning(on path: String) throws -> FineTuning {
    var tuning = FineTuning()
    try tuning.set("data.train", to: [path])
    try tuning.set("model.blockCount", to: "2")
    try tuning.set("model.modelWidth", to: "64")
    try tuning.set("model.contextLength", to: "256")
    try tuning.set("data.overlong", to: "drop")
    try tuning.set("tokenizer.vocabularySize", to: "512")
    try tuning.set("training.steps", to: "300")
    try tuning.set("training.learningRate", to: "3e-3")
    try tuning.set("evaluation.every", to: "100")
    return tuning
}

func show(_ event: FineTuning.Progress) -> Bool {
    switch event {
    case .started(let plan): print("\(plan.parameterCount) parameters, \(plan.stepCount) steps")
    case .notice(let text): print("note: \(text)")
    case .step(let step) where step.number % 50 == 0: print("step \(step.number): loss \(step.loss)")
    case .evaluated(let step, let metrics, _): print("step \(step): perplexity \(metrics.perplexity)")
    default: break
    }
    return true
}

let arguments = CommandLine.arguments
guard arguments.count == 2 || arguments.count == 3 else {
    print("usage: tune-and-generate FILE [PROMPT]")
    exit(2)
}
do {
    let folder = FileManager.default.temporaryDirectory.path
    let outcome = try tuning(on: arguments[1]).run(named: "tuned-\(UUID().uuidString)", in: folder, onProgress: show)
    let model = try LanguageModel(contentsOf: outcome.folder)
    print("\(model)\nin \(outcome.folder)\n")
    let prompt = arguments.count == 3 ? arguments[2] : "The "
    let options = GenerationOptions(maximumTokens: 100, temperature: 0.7)
    let write = { (text: String) in print(text, terminator: "") }
    if model.canChat {
        _ = try model.reply(to: [ChatMessage(.user, prompt)], options: options, onText: write)
    } else {
        _ = try model.complete(prompt, options: options, onText: write)
    }
    print()
} catch {
    print("error: \(error)")
    exit(1)
}
