// The orders in which GGUF files keep the rows of some matrices, which are not those of the model.

/// How the rows of a tensor of a GGUF file follow one another. "Model" is the order of Hugging Face's files, in which
/// rotary embedding turns the halves of a head against one another, and the layer computes.
///
/// Rows move as they are, whatever type they are stored in, and the map is the same for weights and biases.
package enum GGUFRowOrder: Sendable, Equatable {
    /// As in the model.
    case same
    /// Queries and keys of the architecture `llama`: in each head of D rows, the file's row 2i + c is the model's row
    /// c·D/2 + i, so that rotary embedding turns neighbours (llama.cpp, `LlamaModel.permute`).
    case rotaryPairs(headWidth: Int)
    /// Queries, keys and values of GPT-NeoX in one matrix: the file has all queries, then all keys, then all values, the
    /// model has them head by head; the file's row c·H·D + h·D + j is the model's row h·3D + c·D + j.
    case queriesKeysValues(headWidth: Int)

    /// Whether so many rows can stand in this order.
    package func fits(rowCount: Int) -> Bool {
        switch self {
        case .same: true
        case .rotaryPairs(let width): width > 0 && width % 2 == 0 && rowCount % width == 0
        case .queriesKeysValues(let width): width > 0 && rowCount % width == 0 && rowCount / width % 3 == 0
        }
    }

    /// The row of the file that is the model's row `row` of `rowCount`, which fit this order.
    package func fileRow(ofModelRow row: Int, rowCount: Int) -> Int {
        switch self {
        case .same: return row
        case .rotaryPairs(let D):
            let (head, place) = row.quotientAndRemainder(dividingBy: D)
            return head * D + place % (D / 2) * 2 + place / (D / 2)
        case .queriesKeysValues(let D):
            let (head, place) = row.quotientAndRemainder(dividingBy: 3 * D)
            return place / D * (rowCount / 3) + head * D + place % D
        }
    }

    /// The row of the model that is the file's row `row` of `rowCount`: the inverse, for writing.
    package func modelRow(ofFileRow row: Int, rowCount: Int) -> Int {
        switch self {
        case .same: return row
        case .rotaryPairs(let D):
            let (head, place) = row.quotientAndRemainder(dividingBy: D)
            return head * D + place % 2 * (D / 2) + place / 2
        case .queriesKeysValues(let D):
            let (part, place) = row.quotientAndRemainder(dividingBy: rowCount / 3)
            return place / D * 3 * D + part * D + place % D
        }
    }
}

extension GGUFRowOrder: CustomStringConvertible {
    package var description: String {
        switch self {
        case .same: "in the order of the model"
        case .rotaryPairs(let width): "heads of \(width) rows in pairs"
        case .queriesKeysValues(let width): "queries, keys and values of heads of \(width) rows"
        }
    }
}
