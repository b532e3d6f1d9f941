// What the ranks' messages travel by.

/// What a message is for. Messages of one tag from one rank arrive in the order in which they were sent.
package enum MessageTag: Int32 {
    case data = 1, lifeSign
}

/// A message that is under way.
package struct Request {
    package var handle: UInt

    package init(handle: UInt) { self.handle = handle }
}

/// Messages between two ranks at a time. Used by one thread; messages travel during its calls only, so that whoever waits
/// asks again and again.
package protocol Transport: AnyObject {
    /// This process's number, from 0.
    var rank: Int { get }
    /// How many ranks there are.
    var count: Int { get }
    /// Of the library, for people.
    var name: String { get }

    /// Begins to send. The bytes stay as they are until the request is done; at most 2 GiB.
    func send(_ bytes: UnsafeRawBufferPointer, to other: Int, _ tag: MessageTag) throws(CommunicationError) -> Request
    /// Begins to receive a message of exactly this size.
    func receive(
        into bytes: UnsafeMutableRawBufferPointer, from other: Int, _ tag: MessageTag
    ) throws(CommunicationError) -> Request
    /// Whether it has arrived, or has been sent. Not asked again after it was true.
    func isDone(_ request: inout Request) throws(CommunicationError) -> Bool
    /// Whether a message of this kind is waiting to be received.
    func hasMessage(from other: Int, _ tag: MessageTag) -> Bool
    /// Ends the communication in an orderly way; every rank must do so.
    func finish()
    /// Ends the processes of all ranks.
    func abort(code: Int32) -> Never
}
