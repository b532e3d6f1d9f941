// A tree of byte strings, for finding the longest of them that begins at a place.

struct ByteTree: Sendable {
    private struct Node {
        let byte: UInt8
        /// The value of the string that ends here, or -1.
        var value: Int32 = -1
        var firstChild: Int32 = -1
        var nextSibling: Int32 = -1
    }

    private var nodes: [Node] = []
    /// The node of each first byte, or -1.
    private var roots = [Int32](repeating: -1, count: 256)

    /// - Parameter string: not empty. Of two equal ones the first stays.
    mutating func insert(_ string: [UInt8], value: Int32) {
        guard let first = string.first else { return }
        if roots[Int(first)] < 0 {
            roots[Int(first)] = Int32(nodes.count)
            nodes.append(Node(byte: first))
        }
        var node = Int(roots[Int(first)])
        for byte in string.dropFirst() {
            var child = nodes[node].firstChild
            while child >= 0, nodes[Int(child)].byte != byte { child = nodes[Int(child)].nextSibling }
            if child < 0 {
                child = Int32(nodes.count)
                nodes.append(Node(byte: byte, nextSibling: nodes[node].firstChild))
                nodes[node].firstChild = child
            }
            node = Int(child)
        }
        if nodes[node].value < 0 { nodes[node].value = value }
    }

    /// The leftmost string of the tree in `text` from `start` on, the longest where several begin there.
    func firstMatch(in text: UnsafeBufferPointer<UInt8>, from start: Int) -> (range: Range<Int>, value: Int32)? {
        roots.withUnsafeBufferPointer { roots in
            nodes.withUnsafeBufferPointer { nodes in
                for place in start..<max(start, text.count) where roots[Int(text[place])] >= 0 {
                    var node = Int(roots[Int(text[place])])
                    var end = place + 1
                    var best: (range: Range<Int>, value: Int32)?
                    while true {
                        if nodes[node].value >= 0 { best = (place..<end, nodes[node].value) }
                        guard end < text.count else { break }
                        var child = nodes[node].firstChild
                        while child >= 0, nodes[Int(child)].byte != text[end] {
                            child = nodes[Int(child)].nextSibling
                        }
                        guard child >= 0 else { break }
                        node = Int(child)
                        end += 1
                    }
                    if let best { return best }
                }
                return nil
            }
        }
    }
}
