// Folders of runs as training writes them, with numbers that a test chooses.

import Foundation
import Models
import Reports
import TestSupport

struct RunFixture {
    let place: TemporaryFolder

    init() throws { place = try TemporaryFolder() }

    /// A run with a line of training at each step, and evaluations.
    ///
    /// - Parameters:
    ///   - losses: of training, from step 1 on; nil for a skipped step.
    ///   - validations: step and loss.
    @discardableResult
    func run(
        _ name: String, losses: [Double?], validations: [(step: Int, loss: Double)] = [],
        config: String =
            #"{"model": {"base": "smollm2-135m"}, "method": {"type": "lora", "rank": 16}, "training": {"steps": 12, "learningRate": 0.001}}"#,
        norms: [Double]? = nil, skipped: Int = 0, ending: String = ""
    ) throws -> RunRecord {
        let folder = place.path + "/" + name
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        var metrics = validations.filter { $0.step == 0 }.map(line)
        for (index, loss) in losses.enumerated() {
            let (step, norm) = (index + 1, norms?[index] ?? 0.5)
            metrics.append(
                #"{"step":\#(step),"epoch":0.5,"loss":\#(loss.map { "\($0)" } ?? "null"),"learningRate":0.001,"gradientNorm":\#(norm),"skippedSteps":\#(skipped)}"#
            )
            metrics += validations.filter { $0.step == step }.map(line)
        }
        func write(_ text: String, _ file: String) throws { try place.write(text, as: name + "/" + file) }
        try write(metrics.joined(separator: "\n") + "\n" + ending, "metrics.jsonl")
        try write(
            losses.indices.map {
                #"{"step":\#($0 + 1),"seconds":2,"tokensPerSecond":\#(500 + $0),"mfu":1,"peakMemoryBytes":\#(1_000_000 * ($0 + 1))}"#
            }.joined(separator: "\n") + "\n", "timings.jsonl")
        try write(
            #"{"step":10,"prompt":"<b>Hi</b>","text":"\u0007 & <script>alert(1)</script>"}"# + "\n", "samples.jsonl")
        try write(config, "config.json")
        try write(
            #"{"model.base": "configs/a.json, line 2, column 3", "training.learningRate": "default"}"#, "origins.json")
        try write(
            #"{"sha256": "abc", "files": [{"file": "a&b.jsonl", "split": "train", "lines": 1200, "bytes": 5000}], "splits": {"train": {"read": 1200, "trained": 1190, "cut": 3, "dropped": 10, "tokens": 44000, "predictions": 9000}}}"#,
            "ledger.json")
        try write("step-000008.h5\n", "best")
        try place.write([UInt8](repeating: 1, count: 1500), as: name + "/step-000008.h5")
        return RunRecord(RunFolder(path: folder))
    }

    private func line(_ point: (step: Int, loss: Double)) -> String {
        #"{"step":\#(point.step),"validationLoss":\#(point.loss),"validationPerplexity":\#(exp(point.loss)),"validationBitsPerByte":0.5,"validationTokenAccuracy":0.75}"#
    }
}
