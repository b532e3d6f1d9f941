// How probable the model finds a token, and which ones it finds most probable.

import Kernels

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A token and its probability.
package struct TokenProbability: Sendable, Equatable {
    package var id: Int32
    /// What the token stands for; half characters too.
    package var bytes: [UInt8]
    /// The natural logarithm of the probability.
    package var logProbability: Double

    package init(id: Int32, bytes: [UInt8], logProbability: Double) {
        (self.id, self.bytes, self.logProbability) = (id, bytes, logProbability)
    }
}

/// log softmax of a row of logits: the model's own distribution, before temperature, penalties and bias, which is what
/// OpenAI's `logprobs` give.
package struct LogProbabilities {
    private let logits: Vector
    /// log Σ exp(logit).
    private let logSum: Double

    /// - Parameter logits: (V), kept alive and unchanged by the caller.
    package init(_ logits: Vector) {
        self.logits = logits
        let values = UnsafeBufferPointer(start: logits.base, count: logits.count)
        let largest = values.reduce(-Double.infinity) { max($0, LogProbabilities.finite($1)) }
        logSum = largest + log(values.reduce(0) { $0 + exp(LogProbabilities.finite($1) - largest) })
    }

    /// That of one token.
    package subscript(token: Int32) -> Double { LogProbabilities.finite(logits[Int(token)]) - logSum }

    /// The `count` most probable tokens, most probable first; of equal ones the smaller id first.
    package func mostProbable(_ count: Int) -> [(id: Int32, logProbability: Double)] {
        let count = min(count, logits.count)
        guard count > 0 else { return [] }
        var best: [(id: Int32, value: Double)] = []
        for id in 0..<logits.count {
            let value = LogProbabilities.finite(logits[id])
            if best.count == count {
                guard value > best[count - 1].value else { continue }
                best.removeLast()
            }
            let place = best.firstIndex { $0.value < value } ?? best.count
            best.insert((Int32(id), value), at: place)
        }
        return best.map { ($0.id, $0.value - logSum) }
    }

    /// A diverged model gives NaN and infinities, as `Sampler` knows.
    private static func finite(_ value: Float) -> Double {
        let limit = Float.greatestFiniteMagnitude
        return Double(value.isNaN ? -limit : min(max(value, -limit), limit))
    }
}
