// Loops over groups of sixteen floats for kernels that read and write more arrays than `mapLanes` takes.

/// Calls `body` with the start and the number of valid lanes of each group of sixteen among `count` floats.
///
/// `body` must be a local function marked `@inline(__always)`. A closure, which cannot be marked, is not inlined where it is
/// called in two places, and sixteen floats then travel through memory at each call.
@inline(__always)
func eachLaneGroup(_ count: Int, _ body: (Int, Int) -> Void) {
    var index = 0
    while index + laneCount <= count {
        body(index, laneCount)
        index += laneCount
    }
    if index < count { body(index, count - index) }
}

extension UnsafeMutablePointer<Float> {
    /// The first `count` (at most 16) floats from here, the other lanes zero.
    @inline(__always)
    func group(of count: Int) -> Lanes { count == laneCount ? lanes() : lanes(first: count, filler: 0) }

    /// Overwrites the first `count` (at most 16) floats from here with the first lanes.
    @inline(__always)
    func setGroup(of count: Int, _ value: Lanes) {
        if count == laneCount { setLanes(value) } else { setLanes(value, first: count) }
    }
}
