// An architecture as the text `/architecture` of a checkpoint.

import Foundation
import Model
import StrictJSON

/// JSON with sorted keys. Written where a config's `model.*` keys cannot say what the model is; then it counts.
enum ArchitectureText {
    static let name = "/architecture"
    /// The most bytes that such a text may have.
    static let limit = 1 << 24

    static func bytes(_ architecture: Architecture) throws(ModelError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do { return [UInt8](try encoder.encode(architecture)) } catch { throw .badConfig("\(name): \(error)") }
    }

    /// Reads and validates the text. `path` names it in messages.
    static func architecture(_ bytes: [UInt8], path: String) throws(ModelError) -> Architecture {
        // Foundation takes the first of two equal keys and any depth; this one refuses both.
        do { _ = try JSONText.parse(bytes, options: JSONOptions(maximumBytes: limit)) } catch {
            throw .badConfig("\(path), \(error)")
        }
        let architecture: Architecture
        do { architecture = try JSONDecoder().decode(Architecture.self, from: Data(bytes)) } catch {
            throw .badConfig("\(path) describes no architecture that is known here: \(error)")
        }
        do throws(ArchitectureError) { try architecture.validate() } catch { throw .badConfig("\(path): \(error)") }
        return architecture
    }
}
