// The linear layers of a model by the names that a family gives them.

import Kernels
import Model

/// A linear layer by the name that a family gives it, and the columns of a parameter that it is.
struct StoredModule {
    /// The name without the family's prefix, `h.0.attn.c_attn`.
    let name: String
    /// The weight.
    let parameter: Parameter
    /// Which columns of the weight are the layer's outputs, in order.
    let columns: [Range<Int>]

    var inputs: Int { parameter.shape[0] }
    var outputs: Int { columns.reduce(0) { $0 + $1.count } }
    /// The name within a block, `attn.c_attn`: what follows the block's number.
    var end: String {
        let parts = name.split(separator: ".")
        guard let number = parts.firstIndex(where: { Int($0) != nil }) else { return name }
        return parts[(number + 1)...].joined(separator: ".")
    }

    /// The complete parameter, (in, out).
    func weight(in arena: FloatArena) -> Matrix {
        Matrix(arena, offset: parameter.offset, rows: inputs, columns: parameter.shape[1])
    }
}

extension ModelFamily {
    /// The linear layers of a model's blocks, in the order of the layout.
    static func linearModules(of architecture: Architecture) -> [StoredModule] {
        let layout = ParameterLayout(architecture)
        return architecture.blocks.indices.flatMap { block in
            LinearLayer.allCases.flatMap { layer -> [StoredModule] in
                guard let parameter = layout[ParameterKey(layer.role, block: block)] else { return [] }
                return pieces(of: parameter, in: architecture).map { piece in
                    StoredModule(
                        name: String(piece.name.dropLast(".weight".count)), parameter: parameter,
                        columns: piece.columns ?? [0..<parameter.shape[1]])
                }
            }
        }
    }
}
