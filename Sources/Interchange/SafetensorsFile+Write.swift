// Writing a safetensors file.

import StrictJSON

/// A float32 tensor to be written. The memory stays the caller's and must live for the call.
public struct SafetensorsTensor {
    public let name: String
    /// Sizes of the axes, slowest first.
    public let shape: [Int]
    /// The elements, row-major.
    public let elements: UnsafeBufferPointer<Float>

    /// Traps where shape and elements disagree.
    public init(name: String, shape: [Int], elements: UnsafeBufferPointer<Float>) {
        precondition(
            shape.allSatisfy { $0 >= 0 } && shape.reduce(1, *) == elements.count,
            "tensor \(name) of shape \(shape) with \(elements.count) elements")
        self.name = name
        self.shape = shape
        self.elements = elements
    }
}

extension SafetensorsFile {
    /// Writes the tensors in the order given to a temporary file beside `path`, which takes the place of `path` once
    /// it is complete and on the disk. Names must differ; equal input gives equal bytes.
    ///
    /// `metadata` is sorted by key; `format: pt` is what Transformers asks for.
    public static func write(
        _ tensors: [SafetensorsTensor], metadata: [String: String] = ["format": "pt"], to path: String
    ) throws(InterchangeError) {
        let header = headerBytes(tensors, metadata: metadata)
        var file = try AtomicFile(path: path)
        try file.write(header)
        for tensor in tensors { try file.write(UnsafeRawBufferPointer(tensor.elements)) }
        try file.finish()
    }

    /// The length and the header, padded with spaces so that the body starts at a multiple of 8.
    private static func headerBytes(_ tensors: [SafetensorsTensor], metadata: [String: String]) -> [UInt8] {
        precondition(Set(tensors.map { Array($0.name.utf8) }).count == tensors.count, "two tensors of one name")
        var members: [(key: String, value: JSONOutput)] = []
        if !metadata.isEmpty {
            let sorted = metadata.sorted { $0.key < $1.key }
            members.append(("__metadata__", .object(sorted.map { (key: $0.key, value: .string($0.value)) })))
        }
        var offset = 0
        for tensor in tensors {
            let end = offset + tensor.elements.count * MemoryLayout<Float>.stride
            let shape = JSONOutput.array(tensor.shape.map { .integer($0) })
            members.append(
                (tensor.name, ["dtype": "F32", "shape": shape, "data_offsets": [.integer(offset), .integer(end)]]))
            offset = end
        }
        var text = JSONOutput.object(members).serializedBytes()
        text += [UInt8](repeating: UInt8(ascii: " "), count: (8 - text.count % 8) % 8)
        return withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) } + text
    }
}
