// Measures of how far computed numbers are from reference numbers, and slopes taken by differences.

/// ‖actual − expected‖ / ‖expected‖ in the Euclidean norm; the plain norm of `actual` where all of `expected` is zero.
/// Infinite where the counts differ or a number is not finite, so that no comparison with a tolerance passes by accident.
package func relativeError(_ actual: [Float], _ expected: [Double]) -> Double {
    relativeError(actual.map(Double.init), expected)
}

/// The same for reference numbers against reference numbers.
package func relativeError(_ actual: [Double], _ expected: [Double]) -> Double {
    guard actual.count == expected.count else { return .infinity }
    var difference = 0.0
    var reference = 0.0
    for (a, b) in zip(actual, expected) {
        difference += (a - b) * (a - b)
        reference += b * b
    }
    guard difference.isFinite, reference.isFinite else { return .infinity }
    return reference > 0 ? (difference / reference).squareRoot() : difference.squareRoot()
}

/// The gradient of `f` at a point by central differences, (f(x + h) − f(x − h)) / 2h for each coordinate.
///
/// The error is about h² times the third derivative plus 1e-16 f / h: with h = 1e-5 some 1e-10 for smooth `f` of size 1.
package func centralDifference(
    of f: ([Double]) -> Double, at point: [Double], step: Double = 1e-5
) -> [Double] {
    var moved = point
    return point.indices.map { index in
        moved[index] = point[index] + step
        let above = f(moved)
        moved[index] = point[index] - step
        let below = f(moved)
        moved[index] = point[index]
        return (above - below) / (2 * step)
    }
}
