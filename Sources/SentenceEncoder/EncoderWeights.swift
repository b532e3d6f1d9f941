// The weights of an encoder of the BERT family, in one arena and in the orientation that its products want.

import Interchange
import Kernels

/// Views of all parameters. Matrices are (in, out): the transpose of what PyTorch stores.
struct EncoderWeights {
    struct Norm {
        let weight: Vector
        let bias: Vector
    }

    struct Layer {
        let weight: Matrix
        let bias: Vector
    }

    struct Block {
        /// (C, 3 C): queries, keys and values.
        let attentionInput: Layer
        let attentionOutput: Layer
        let attentionNorm: Norm
        let expansion: Layer
        let contraction: Layer
        let outputNorm: Norm
    }

    /// (V, C), (T, C); the second has the embedding of token type 0 added to each row.
    let tokens: Matrix
    let positions: Matrix
    let embeddingNorm: Norm
    let blocks: [Block]
    /// What the views point into.
    private let arena: FloatArena

    /// Reads `model.safetensors`, whose names may begin with `bert.`.
    init(path: String, _ description: EncoderDescription) throws(EncoderError) {
        let file: SafetensorsFile
        do throws(InterchangeError) { file = try SafetensorsFile(path: path) } catch { throw .weights(error) }
        let prefix = file["embeddings.word_embeddings.weight"] == nil ? "bert." : ""
        func entry(_ name: String, _ shape: [Int]) throws(EncoderError) -> SafetensorsEntry {
            let name = prefix + name
            guard let entry = file[name] else { throw .missingTensor(path: path, name: name) }
            guard entry.shape == shape else {
                throw .tensorShape(path: path, name: name, found: entry.shape, expected: shape)
            }
            return entry
        }
        // What the config says must be there before anything is reserved for it.
        var total = 0
        for (name, shape) in EncoderWeights.tables(description) { total += try entry(name, shape).count }
        for index in 0..<description.blockCount {
            for (name, shape) in EncoderWeights.block(index, description) { total += try entry(name, shape).count }
        }
        let (C, F) = (description.modelWidth, description.feedForwardWidth)
        let arena = FloatArena(count: total)
        var used = 0
        func values(_ name: String, _ shape: [Int]) throws(EncoderError) -> [Float] {
            let (entry, name) = (try entry(name, shape), prefix + name)
            let floats: [Float]
            do throws(InterchangeError) { floats = try file.floats(entry) } catch { throw .weights(error) }
            if let index = floats.firstIndex(where: { !$0.isFinite }) {
                throw .tensorNotFinite(path: path, name: name, index: index)
            }
            return floats
        }
        func take(_ count: Int) -> UnsafeMutablePointer<Float> {
            defer { used += count }
            return arena.base + used
        }
        func vector(_ name: String, _ count: Int) throws(EncoderError) -> Vector {
            let result = Vector(take(count), count: count)
            for (index, value) in try values(name, [count]).enumerated() { result[index] = value }
            return result
        }
        func table(_ name: String, _ rows: Int) throws(EncoderError) -> Matrix {
            let result = Matrix(take(rows * C), rows: rows, columns: C)
            for (index, value) in try values(name, [rows, C]).enumerated() { result.base[index] = value }
            return result
        }
        func norm(_ name: String) throws(EncoderError) -> Norm {
            Norm(weight: try vector(name + ".weight", C), bias: try vector(name + ".bias", C))
        }
        /// Layers next to one another, each (out, in) in the file.
        func layer(_ names: [String], _ input: Int, _ output: Int) throws(EncoderError) -> Layer {
            let weight = Matrix(take(input * names.count * output), rows: input, columns: names.count * output)
            let bias = Vector(take(names.count * output), count: names.count * output)
            for (number, name) in names.enumerated() {
                let stored = try values(name + ".weight", [output, input])
                for column in 0..<output {
                    for row in 0..<input { weight.row(row)[number * output + column] = stored[column * input + row] }
                }
                for (index, value) in try values(name + ".bias", [output]).enumerated() {
                    bias[number * output + index] = value
                }
            }
            return Layer(weight: weight, bias: bias)
        }
        tokens = try table("embeddings.word_embeddings.weight", description.vocabularySize)
        positions = try table("embeddings.position_embeddings.weight", description.contextLength)
        // Sentences are of type 0 throughout.
        let types = try values("embeddings.token_type_embeddings.weight", [description.tokenTypeCount, C])
        for row in 0..<positions.rows {
            for column in 0..<C { positions.row(row)[column] += types[column] }
        }
        embeddingNorm = try norm("embeddings.LayerNorm")
        var blocks: [Block] = []
        for index in 0..<description.blockCount {
            let name = "encoder.layer.\(index)."
            blocks.append(
                Block(
                    attentionInput: try layer(
                        ["query", "key", "value"].map { name + "attention.self." + $0 }, C, C),
                    attentionOutput: try layer([name + "attention.output.dense"], C, C),
                    attentionNorm: try norm(name + "attention.output.LayerNorm"),
                    expansion: try layer([name + "intermediate.dense"], C, F),
                    contraction: try layer([name + "output.dense"], F, C),
                    outputNorm: try norm(name + "output.LayerNorm")))
        }
        self.blocks = blocks
        self.arena = arena
    }

    /// What is there once: name and shape, as PyTorch stores it.
    private static func tables(_ description: EncoderDescription) -> [(String, [Int])] {
        let C = description.modelWidth
        return [
            ("embeddings.word_embeddings.weight", [description.vocabularySize, C]),
            ("embeddings.position_embeddings.weight", [description.contextLength, C]),
            ("embeddings.token_type_embeddings.weight", [description.tokenTypeCount, C]),
            ("embeddings.LayerNorm.weight", [C]), ("embeddings.LayerNorm.bias", [C]),
        ]
    }

    /// What each block has.
    private static func block(_ index: Int, _ description: EncoderDescription) -> [(String, [Int])] {
        let (C, F) = (description.modelWidth, description.feedForwardWidth)
        let layers: [(String, Int, Int)] = [
            ("attention.self.query", C, C), ("attention.self.key", C, C), ("attention.self.value", C, C),
            ("attention.output.dense", C, C), ("intermediate.dense", F, C), ("output.dense", C, F),
        ]
        let norms = ["attention.output.LayerNorm", "output.LayerNorm"].flatMap {
            [($0 + ".weight", [C]), ($0 + ".bias", [C])]
        }
        let all = layers.flatMap { [($0.0 + ".weight", [$0.1, $0.2]), ($0.0 + ".bias", [$0.1])] } + norms
        return all.map { ("encoder.layer.\(index)." + $0.0, $0.1) }
    }
}
