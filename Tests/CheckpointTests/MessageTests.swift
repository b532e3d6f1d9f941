// Error messages: each names the file, the object and the two values that differ.

import Checkpoint
import Files
import Foundation
import Testing

@Suite struct MessageTests {
    static let table: [(error: CheckpointError, message: String, hint: String?)] = [
        (
            .notEnoughSpace(path: "a.h5", needed: 1_269_632, available: 1_048_576),
            "a.h5 needs 1269632 bytes, but only 1048576 are free on the disk",
            "free some disk space, or choose a folder on another disk"
        ),
        (
            .nonFinite(path: nil, name: "/model/wte.weight", index: 7, value: -.infinity),
            "/model/wte.weight is -inf at index 7",
            "the run has diverged: start again from the last good checkpoint with a lower learning rate"
        ),
        (
            .nonFinite(path: "a.h5", name: "/model/wte.weight", index: 7, value: .nan),
            "a.h5: /model/wte.weight is nan at index 7", nil
        ),
        (
            .shapeDiffers(path: "a.h5", name: "/model/w", expected: [3, 4], found: [4]),
            "a.h5: /model/w has shape (4), expected (3, 4)", nil
        ),
        (
            .lengthDiffers(path: "a.h5", expected: 100, found: 99), "a.h5 should have 100 bytes but has 99",
            "use an earlier checkpoint, or copy this one again"
        ),
        (
            .newerVersion(path: "a.h5", found: 2, supported: 1),
            "a.h5 has format version 2; this program reads versions up to 1", "use a newer luthier"
        ),
        (
            .notACheckpoint(path: "a.bin", format: .pytorch),
            "a.bin is not a Luthier checkpoint: it looks like a PyTorch file, which can run code when it is loaded",
            "save it as safetensors, then convert it with 'luthier import'"
        ),
        (
            .forbiddenObject(path: "a.h5", name: "/model/w", defect: .storageSize(expected: 16, found: 0)),
            "a.h5: /model/w should take 16 bytes but takes 0", nil
        ),
        (
            .forbiddenObject(path: "a.h5", name: "/model/w", defect: .externalStorage),
            "a.h5: /model/w stores its data in another file, which is not allowed", nil
        ),
        (
            .file(FileError(.write, "a.h5", code: ENOSPC)), "cannot write a.h5: No space left on device",
            "free some disk space, or choose a folder on another disk"
        ),
    ]

    @Test(arguments: table.indices) func isInPlainWords(_ index: Int) {
        let (error, message, hint) = MessageTests.table[index]
        #expect(error.description == message)
        #expect(error.hint == hint)
    }

    @Test func ofALockNamesItsOwner() {
        let error = RunLockError.held(directory: "checkpoints/weather-1", owner: "process 7 on desk")
        #expect(error.description == "checkpoints/weather-1 is in use by process 7 on desk")
        #expect(error.hint == "wait for it, stop it, or give this run another name with --run")
    }
}
