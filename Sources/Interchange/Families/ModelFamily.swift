// What a family of models is to this program: how other programs describe one, and name what it is made of.

import Model
import StrictJSON

/// An architecture of Hugging Face Transformers. Each family is one file of this folder and one entry of
/// `ModelFamilies.all`; nothing else in the program distinguishes families.
package protocol ModelFamily: Sendable {
    /// `model_type` of its config.json.
    static var modelType: String { get }
    /// The prefix of its tensors' names, except the head's: `transformer.`.
    static var prefix: String { get }
    /// The names that the head's tensor may have, without a prefix; the first one is written.
    static var headNames: [String] { get }
    /// Where its config.json has the sizes.
    static var sizeKeys: HuggingFaceSizeKeys { get }
    /// Whether its files store the matrices of linear layers as (inputs, outputs).
    static var storesInputsFirst: Bool { get }

    /// The architecture that a config.json describes, not validated yet. Absent keys have the meaning that Transformers
    /// gives them; a key that changes the mathematics and is not implemented is refused.
    static func architecture(_ fields: ConfigFields) throws(HuggingFaceConfigDefect) -> Architecture

    /// The members of a config.json for an architecture; nil where the family does not compute it, even with biases of
    /// zero.
    static func configMembers(_ architecture: Architecture, endOfTextID: Int?) -> [(key: String, value: JSONOutput)]?

    /// The architecture with every bias that the family's files hold: zeros stand in for missing ones.
    static func completed(_ architecture: Architecture) -> Architecture

    /// The tensors that hold a parameter, in the order of its columns.
    static func pieces(of parameter: Parameter, in architecture: Architecture) -> [StoredPiece]

    /// Names of stored tensors of a block that are not parameters, without the prefix.
    static func ignoredTensors(block: Int) -> [String]

    /// How llama.cpp runs the family; nil where it does not.
    static var gguf: GGUFFamily? { get }
}

extension ModelFamily {
    package static var headNames: [String] { ["lm_head.weight"] }
    package static func completed(_ architecture: Architecture) -> Architecture { architecture }
    package static func ignoredTensors(block: Int) -> [String] { [] }
    package static var gguf: GGUFFamily? { nil }

    /// The tensors that hold a parameter, by their full names, with the columns that each holds.
    package static func tensors(of parameter: Parameter, in architecture: Architecture) -> [(
        name: String, columns: [Range<Int>]
    )] {
        pieces(of: parameter, in: architecture).map {
            (publishedName($0), $0.columns ?? [0..<(parameter.shape.last ?? 1)])
        }
    }

    /// Whether a config.json with these members means an architecture, as far as it computes; its own initialization
    /// and the names of its modules do not count.
    static func describes(_ members: [(key: String, value: JSONOutput)], _ wanted: Architecture) -> Bool {
        let text = JSONOutput.object(members).serializedBytes()
        guard let object = try? JSONText.parse(text).object, var read = try? architecture(ConfigFields(object: object))
        else { return false }
        (read.initialization, read.linearModules) = (wanted.initialization, wanted.linearModules)
        return read == wanted
    }

    /// The name that a tensor has in the family's files.
    static func publishedName(_ piece: StoredPiece) -> String {
        piece.isHead ? piece.name : prefix + piece.name
    }
}

package enum ModelFamilies {
    /// All families. Of several that compute an architecture the first one writes it.
    package static let all: [any ModelFamily.Type] = [
        GPTNeo.self, GPT2.self, Llama.self, Qwen2.self, Qwen3.self, GPTNeoX.self, Gemma3.self,
    ]

    /// The family of this `model_type`, or nil.
    package static func named(_ modelType: String) -> (any ModelFamily.Type)? {
        all.first { $0.modelType == modelType }
    }

    /// The architecture that the bytes of a config.json describe.
    ///
    /// - Parameter file: its name, for messages.
    package static func architecture(config: [UInt8], file: String) throws(InterchangeError) -> Architecture {
        try HuggingFaceConfig(config, file: file).architecture
    }

    /// The names of all, for messages.
    static var names: [String] { all.map { $0.modelType }.sorted() }

    /// The family whose config can say what `architecture` computes.
    static func expressing(_ architecture: Architecture) throws(InterchangeError) -> any ModelFamily.Type {
        guard let family = all.first(where: { $0.configMembers(architecture, endOfTextID: nil) != nil }) else {
            throw .notExpressible(
                format: "a Hugging Face folder",
                reason: "none of the architectures that are known here (\(names.joined(separator: ", "))) computes the "
                    + "same: attention windows, biases and scales of scores must be those of one of them")
        }
        return family
    }
}

/// The keys under which a config.json has a model's sizes, each with the names that Transformers takes for it.
package struct HuggingFaceSizeKeys: Sendable {
    let context: [String]
    let blocks: [String]
    let heads: [String]
    let width: [String]
    let feedForward: [String]
    var keyValueHeads: [String] = ["num_key_value_heads"]
    var headWidth: [String] = ["head_dim"]
    var epsilon = "layer_norm_epsilon"
    var window = "window_size"
    /// The sizes that the class in Transformers has where a key, the first of its names, is absent.
    var defaults: [String: Int] = [:]

    /// Luthier's key → the file's, for messages.
    var names: [String: String] {
        [
            "vocabularySize": "vocab_size", "contextLength": context[0], "blockCount": blocks[0],
            "headCount": heads[0], "modelWidth": width[0], "feedForwardWidth": feedForward[0],
            "keyValueHeadCount": keyValueHeads[0], "headWidth": headWidth[0], "attentionWindow": window,
        ]
    }
}

/// A tensor of a third-party file that holds some columns of a parameter, or all of it.
package struct StoredPiece: Sendable {
    /// Its name without the family's prefix.
    let name: String
    /// Sizes as the file has them.
    let shape: [Int]
    /// Which columns of the parameter it holds in order, a matrix's as rows; nil for the complete parameter, not
    /// transposed.
    let columns: [Range<Int>]?
    /// Whether it is the language head, whose name takes no prefix.
    let isHead: Bool

    /// A complete parameter, as it is.
    init(_ parameter: Parameter, name: String? = nil) {
        self.name = name ?? parameter.name
        shape = parameter.shape
        columns = nil
        isHead = parameter.key.role == .head
    }

    /// Columns of a matrix, stored (columns, rows) as `nn.Linear` has its weights; or elements of a vector.
    init(columns: Range<Int>, of parameter: Parameter, name: String) {
        self.init(columns: [columns], of: parameter, name: name)
    }

    /// Columns that are not next to one another.
    init(columns: [Range<Int>], of parameter: Parameter, name: String) {
        self.name = name
        shape = [columns.reduce(0) { $0 + $1.count }] + parameter.shape.dropLast()
        self.columns = columns
        isHead = false
    }
}
