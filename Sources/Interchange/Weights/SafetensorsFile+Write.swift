// Writing a safetensors file.

import Files
import StrictJSON

/// A float32 tensor to be written.
package struct SafetensorsTensor {
    package typealias Body = (UnsafeBufferPointer<Float>) throws(InterchangeError) -> Void

    package let name: String
    /// Sizes of the axes, slowest first.
    package let shape: [Int]
    /// Calls its argument once with the elements, row-major, at the time when they are written.
    let withElements: (Body) throws(InterchangeError) -> Void

    /// A tensor whose elements are made when they are asked for.
    init(name: String, shape: [Int], withElements: @escaping (Body) throws(InterchangeError) -> Void) {
        (self.name, self.shape, self.withElements) = (name, shape, withElements)
    }

    /// A tensor in memory that stays the caller's and must live until it is written. Traps where shape and elements
    /// disagree.
    package init(name: String, shape: [Int], elements: UnsafeBufferPointer<Float>) {
        precondition(
            shape.allSatisfy { $0 >= 0 } && shape.reduce(1, *) == elements.count,
            "tensor \(name) of shape \(shape) with \(elements.count) elements")
        self.init(name: name, shape: shape) { body throws(InterchangeError) in try body(elements) }
    }

    var byteCount: Int { shape.reduce(1, *) * MemoryLayout<Float>.stride }
}

extension SafetensorsFile {
    /// Writes the tensors in the order given to a temporary file next to `path`, which takes the place of `path` once
    /// it is complete and on the disk. Names must differ; equal input gives equal bytes.
    ///
    /// `metadata` is sorted by key; `format: pt` is what Transformers asks for.
    package static func write(
        _ tensors: [SafetensorsTensor], metadata: [String: String] = ["format": "pt"], to path: String
    ) throws(InterchangeError) {
        let file = try InterchangeError.wrapping { () throws(FileError) in
            let file = try AtomicFile(path: path)
            try file.append(headerBytes(tensors, metadata: metadata))
            return file
        }
        for tensor in tensors {
            try tensor.withElements { elements throws(InterchangeError) in
                precondition(elements.count * MemoryLayout<Float>.stride == tensor.byteCount, tensor.name)
                try InterchangeError.wrapping { () throws(FileError) in
                    try file.append(UnsafeRawBufferPointer(elements))
                }
            }
        }
        try InterchangeError.wrapping { () throws(FileError) in try file.finish() }
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
            let end = offset + tensor.byteCount
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
