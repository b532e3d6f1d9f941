// Without --checkpoint, a command says which model it took, and with a config it takes that config's run or none.

import Foundation
import TestSupport
import Testing

@Suite(.serialized) struct WhichModelTests {
    @Test func theRunOfTheConfigIsMeant() throws {
        let place = try Workplace()
        try place.write(SampleText.paragraphs, to: "text.txt")
        try place.write(ResumeTests.config, to: "configs/first.json")
        try place.write(ResumeTests.config, to: "second.json")
        let none = try place.luthier("eval", "--config", "second.json", "--split", "validation")
        #expect(none.code == 1 && none.errors.contains("error: there is no run of second.json\n"), "\(none.errors)")
        for (config, run) in [("configs/first.json", "one"), ("second.json", "other"), ("configs/first.json", "two")] {
            let trained = try place.luthier("train", "--config", config, "--run", run, "--steps", "2")
            #expect(trained.code == 0, "\(trained.errors)")
        }
        // The newest run of all is another config's.
        let second = try place.luthier("eval", "--config", "second.json", "--split", "validation", "--json")
        #expect(
            second.code == 0 && second.errors.contains("model: checkpoints/other/step-000002.h5\n"), "\(second.errors)")
        #expect(try second.json()["checkpoint"]?.string == "checkpoints/other/step-000002.h5")
        let first = try place.luthier("eval", "--config", "./configs/first.json", "--split", "validation")
        #expect(first.errors.contains("model: checkpoints/two/step-000002.h5\n"), "\(first.errors)")
        // A model that is named counts, whatever the config.
        let named = try place.luthier("eval", "--config", "second.json", "--checkpoint", "one", "--split", "validation")
        #expect(named.errors.contains("model: checkpoints/one/step-000002.h5\n"), "\(named.errors)")

        try place.write(ResumeTests.config, to: "third.json")
        let unknown = try place.luthier("eval", "--config", "third.json", "--split", "validation")
        #expect(unknown.code == 1)
        #expect(unknown.errors.contains("there is no run of third.json; the runs here are "), "\(unknown.errors)")
        let drawn = try place.luthier("generate", "--prompt", "In", "--max-tokens", "2", "--json")
        #expect(drawn.code == 0 && drawn.errors.contains("model: checkpoints/two/step-000002.h5"), "\(drawn.errors)")
        #expect(try drawn.json()["checkpoint"]?.string == "checkpoints/two/step-000002.h5")
    }
}
