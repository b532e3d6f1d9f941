// What a fetch says while it works.

package enum FetchEvent: Sendable, Equatable {
    /// A line for people.
    case note(String)
    /// How many bytes of all have arrived.
    case received(Int, of: Int)
}
