// What Python's tools see in our files. Skipped, by name, where Python has no h5py.

import Foundation
import StrictJSON
import Testing

@Suite struct PythonTests {
    /// `LUTHIER_PYTHON` names an interpreter with h5py; by default `python3`.
    static let interpreter = ProcessInfo.processInfo.environment["LUTHIER_PYTHON"] ?? "python3"

    static let hasH5py = (try? run("import h5py"))?.code == 0

    @Test(.enabled(if: PythonTests.hasH5py, "this Python has no h5py: name one that has it in LUTHIER_PYTHON"))
    func h5pyFindsEveryWeightUnderItsPublishedName() throws {
        let place = try Workplace()
        try place.write(SampleText.paragraphs, to: "text.txt")
        try place.write(EndToEndTests.config, to: "sample.json")
        let trained = try place.luthier("train", "--config", "sample.json", "--steps", "3", "--run", "made")
        try #require(trained.code == 0, "\(trained.errors)")
        let listing = try Self.run(
            """
            import h5py, json
            with h5py.File("\(place.file("checkpoints/made/step-000003.h5"))", "r") as file:
                names = {}
                file.visititems(lambda name, item: names.update({name: [list(item.shape), str(item.dtype)]})
                                if isinstance(item, h5py.Dataset) else None)
                print(json.dumps(names))
            """)
        let found = try listing.json()
        let (V, T, C, F) = (320, 48, 64, 256)
        var shapes: [String: [Int]] = [
            "wte.weight": [V, C], "wpe.weight": [T, C], "ln_f.weight": [C], "ln_f.bias": [C],
        ]
        for block in 0..<2 {
            let layers: [(String, [Int])] = [
                ("ln_1.weight", [C]), ("ln_1.bias", [C]), ("attn.c_attn.weight", [C, 3 * C]),
                ("attn.c_attn.bias", [3 * C]), ("attn.c_proj.weight", [C, C]), ("attn.c_proj.bias", [C]),
                ("ln_2.weight", [C]), ("ln_2.bias", [C]), ("mlp.c_fc.weight", [C, F]), ("mlp.c_fc.bias", [F]),
                ("mlp.c_proj.weight", [F, C]), ("mlp.c_proj.bias", [C]),
            ]
            for (name, shape) in layers { shapes["h.\(block).\(name)"] = shape }
        }
        for group in ["model", "optimizer/firstMoment", "optimizer/secondMoment"] {
            for (name, shape) in shapes {
                let entry = found["\(group)/\(name)"]?.array
                #expect(entry?.first?.array?.compactMap(\.integer) == shape, "\(group)/\(name)")
                #expect(entry?.last?.string == "float32")
            }
        }
        for text in ["config", "state", "tokenizer"] { #expect(found[text]?.array?.last?.string == "uint8") }
        #expect(found.members.count == 3 * shapes.count + 3)
    }

    /// Runs a Python script.
    private static func run(_ script: String) throws -> Outcome {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [interpreter, "-c", script]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Outcome(
            code: process.terminationStatus, output: String(decoding: bytes, as: UTF8.self), errors: "")
    }
}
