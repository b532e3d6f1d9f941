// Loops over groups of sixteen floats for kernels that read and write more arrays than `mapLanes` takes.

/// Calls `body` with the start of each full group of sixteen among `count` floats, then `rest` with that of an
/// incomplete one, each with the number of floats.
///
/// Both must be local functions, `body` marked `@inline(__always)` and, where it is as long as an exponential,
/// `rest` one marked `@inline(never)` that calls `body`. The compiler neither inlines a closure that is called in two
/// places nor several copies of something long, and a call for each sixteen floats makes the loop up to five times
/// slower.
@inline(__always)
func eachLaneGroup(_ count: Int, _ body: (Int, Int) -> Void, rest: (Int, Int) -> Void) {
    var index = 0
    while index + laneCount <= count {
        body(index, laneCount)
        index += laneCount
    }
    if index < count { rest(index, count - index) }
}

/// The same with one function for both.
@inline(__always)
func eachLaneGroup(_ count: Int, _ body: (Int, Int) -> Void) { eachLaneGroup(count, body, rest: body) }

extension UnsafeMutablePointer<Float> {
    /// The first `count` (at most 16) floats from here, the other lanes zero.
    @inline(__always)
    func group(of count: Int) -> Lanes { count == laneCount ? lanes() : incompleteGroup(of: count) }

    /// Overwrites the first `count` (at most 16) floats from here with the first lanes.
    @inline(__always)
    func setGroup(of count: Int, _ value: Lanes) {
        if count == laneCount { setLanes(value) } else { setIncompleteGroup(of: count, value) }
    }

    // Once a row, and much code: kept out of the loops.

    @inline(never)
    private func incompleteGroup(of count: Int) -> Lanes { lanes(first: count, filler: 0) }

    @inline(never)
    private func setIncompleteGroup(of count: Int, _ value: Lanes) { setLanes(value, first: count) }
}
