// Numbers of a GGUF file's tensors as float32: which code reads which type.

extension GGUFType {
    /// The file's bytes as elements. `bytes` has exactly the blocks that `destination` takes, and the type is one that
    /// is read. Every element has the bits that ggml's own reader in Python (gguf-py, quants.py) gives.
    package func decode(_ bytes: UnsafeRawBufferPointer, into destination: UnsafeMutableBufferPointer<Float>) {
        precondition(
            destination.count % blockCount == 0 && bytes.count == destination.count / blockCount * blockBytes,
            "\(bytes.count) bytes of \(name) into \(destination.count)")
        switch self {
        case .f32: FloatConversion.copySingles(bytes, into: destination)
        case .f16: FloatConversion.expandHalves(bytes, into: destination)
        case .bf16: FloatConversion.expandBrainFloats(bytes, into: destination)
        case .f64: FloatConversion.roundDoubles(bytes, into: destination)
        case .q4_0: Q4_0Block.decodeAll(bytes, into: destination)
        case .q4_1: Q4_1Block.decodeAll(bytes, into: destination)
        case .q5_0: Q5_0Block.decodeAll(bytes, into: destination)
        case .q5_1: Q5_1Block.decodeAll(bytes, into: destination)
        case .q8_0: Q8_0Block.decodeAll(bytes, into: destination)
        case .q4_k: Q4_KBlock.decodeAll(bytes, into: destination)
        case .q5_k: Q5_KBlock.decodeAll(bytes, into: destination)
        case .q6_k: Q6_KBlock.decodeAll(bytes, into: destination)
        default: preconditionFailure("\(name) is not read")
        }
    }
}
