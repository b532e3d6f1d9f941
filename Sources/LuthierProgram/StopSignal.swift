// SIGINT and SIGTERM: the first signal stops the run after its current step, a second one ends the program immediately.

import Foundation
import Synchronization
import Training

enum StopSignal {
    /// The number of the first signal, 0 for none. Set by the signal handler, which may do nothing else.
    private static let received = Atomic<Int32>(0)

    /// Installs the handler of both signals.
    static func install() {
        // The parent process may have blocked the signals, which a child inherits.
        var both = sigset_t()
        sigemptyset(&both)
        sigaddset(&both, SIGINT)
        sigaddset(&both, SIGTERM)
        pthread_sigmask(SIG_UNBLOCK, &both, nil)
        for number in [SIGINT, SIGTERM] {
            signal(number) { number in
                if StopSignal.received.compareExchange(expected: 0, desired: number, ordering: .relaxed).exchanged {
                    return
                }
                _exit(128 + number)
            }
        }
    }

    /// Why to stop, if a signal came.
    static var reason: StopReason? {
        switch received.load(ordering: .relaxed) {
        case SIGINT: .interrupt
        case SIGTERM: .terminate
        default: nil
        }
    }
}
