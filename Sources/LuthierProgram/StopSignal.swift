// Signals of a run: SIGINT, SIGTERM and SIGHUP stop it after its current step, a second one ends the program immediately;
// SIGUSR1 asks for a checkpoint.

import Arguments
import Foundation
import Synchronization
import Training

enum StopSignal {
    /// The number of the first signal, 0 for none. Set by the signal handler, which may do nothing else.
    private static let received = Atomic<Int32>(0)
    private static let saveIsAsked = Atomic(false)
    /// Whether the keyboard's `^C` is on the terminal, in front of the prompt that follows.
    private static let isOnTerminal = Atomic(false)

    /// Installs the handlers.
    static func install() {
        isOnTerminal.store(Console.isTerminal, ordering: .relaxed)
        var numbers = [SIGINT, SIGTERM]
        // `nohup` ignores it, so that the run outlives its terminal.
        if !isIgnored(SIGHUP) { numbers.append(SIGHUP) }
        // The parent process may have blocked the signals, which a child inherits.
        var all = sigset_t()
        sigemptyset(&all)
        for number in numbers + [SIGUSR1] { sigaddset(&all, number) }
        pthread_sigmask(SIG_UNBLOCK, &all, nil)
        for number in numbers {
            signal(number) { number in
                if StopSignal.received.compareExchange(expected: 0, desired: number, ordering: .relaxed).exchanged {
                    return
                }
                if StopSignal.isOnTerminal.load(ordering: .relaxed) { _ = write(STDERR_FILENO, "\n", 1) }
                _exit(128 + number)
            }
        }
        signal(SIGUSR1) { _ in StopSignal.saveIsAsked.store(true, ordering: .relaxed) }
    }

    /// Why to stop, if a signal came.
    static var reason: StopReason? {
        switch received.load(ordering: .relaxed) {
        case SIGINT: .interrupt
        case SIGTERM: .terminate
        case SIGHUP: .hangUp
        default: nil
        }
    }

    /// Whether a checkpoint was asked for since the last call.
    static func takeSaveRequest() -> Bool { saveIsAsked.exchange(false, ordering: .relaxed) }

    private static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        sigaction(number, nil, &action)
        #if canImport(Glibc)
            let handler = action.__sigaction_handler.sa_handler
        #else
            let handler = action.__sigaction_u.__sa_handler
        #endif
        return unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
    }
}

extension StopReason {
    /// The program's exit code where a signal ended a run; nil where it ended by itself.
    var exitCode: ExitCode? {
        switch self {
        case .finished, .earlyStopping: nil
        case .interrupt: ExitCode(128 + SIGINT)
        case .terminate: ExitCode(128 + SIGTERM)
        case .hangUp: ExitCode(128 + SIGHUP)
        }
    }
}
