// The ways in which a file of weights does not fit the model that its config describes.

/// One case per defect. Tensors carry their names in the file, except missing ones.
package enum WeightsDefect: Error, Equatable, Sendable {
    /// Parameters of the model that the file does not have, by their published names, and how many there are.
    case missing(tensors: [String], count: Int)
    /// The config describes more blocks than the file has tensors.
    case fewerTensorsThanBlocks(tensors: Int, blocks: Int)
    /// Tensors of the file that the model does not have.
    case extra(tensors: [String], count: Int)
    /// The model's own head is missing; the file has one for another task.
    case otherHeadOnly(head: String, found: [String])
    case shape(tensor: String, found: [Int], expected: [Int])
    /// The file has a tensor with and without the prefix `transformer.`.
    case twice(String, String)
    /// The config ties the head to the token embedding, but the file has a head with other numbers, first at `index`.
    case headNotTied(head: String, embedding: String, index: Int)
    /// An element that is infinite or not a number.
    case notFinite(tensor: String, index: Int, value: String)
}

extension WeightsDefect: CustomStringConvertible {
    /// How many names a message lists.
    static let listed = 5

    package var description: String {
        switch self {
        case .missing(let tensors, let count): "the model needs \(WeightsDefect.list(tensors, count)), not found here"
        case .fewerTensorsThanBlocks(let tensors, let blocks):
            "the config describes \(blocks) blocks, more than the number of tensors (\(tensors))"
        case .extra(let tensors, let count): "the model has no place for \(WeightsDefect.list(tensors, count))"
        case .otherHeadOnly(let head, let found):
            "there is no \(quoted(head)): this checkpoint has only the head of another task, "
                + "\(WeightsDefect.list(found, found.count))"
        case .shape(let tensor, let found, let expected):
            "tensor \(quoted(tensor)) has the shape \(found); the config asks for \(expected)"
        case .twice(let first, let second): "the tensors \(quoted(first)) and \(quoted(second)) are one parameter"
        case .headNotTied(let head, let embedding, let index):
            "the config ties the head to the embedding, but \(quoted(head)) and \(quoted(embedding)) differ, first at "
                + "element \(index)"
        case .notFinite(let tensor, let index, let value):
            "element \(index) of tensor \(quoted(tensor)) is \(value); weights must be finite numbers"
        }
    }

    var hint: String? {
        switch self {
        case .shape(_, let found, let expected)
        where found.count == 2 && found != expected && found.reversed() == expected:
            "the matrix is stored transposed; GPT-2 has linear layers as (inputs, outputs), embeddings as (tokens, width)"
        case .headNotTied: "set \"tie_word_embeddings\" to false in config.json to keep both"
        default: nil
        }
    }

    /// "the tensor a" or "3 tensors: a, b, …".
    private static func list(_ tensors: [String], _ count: Int) -> String {
        let names = tensors.prefix(listed).map(quoted).joined(separator: ", ")
        return count == 1 ? "the tensor \(names)" : "\(count) tensors: \(names)\(count > listed ? ", …" : "")"
    }
}
