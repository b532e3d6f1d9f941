// When a run is killed: at random moments, some of them while it starts, between steps, or while a file is written.

import Kernels

/// One moment of a run.
enum KillMoment: Equatable {
    /// Seconds after the process was started.
    case starting(seconds: Double)
    /// Seconds after a step's line has appeared in the log.
    case training(step: Int, seconds: Double)
    /// Seconds after a temporary file has appeared, at or after a step.
    case writing(step: Int, seconds: Double)

    /// How long the parts of a run take, as an undisturbed run has shown.
    struct Durations {
        var startSeconds: Double
        var stepSeconds: Double
        var writeSeconds: Double
    }

    /// `count` moments of a run of `steps` steps, spread over the run, so that it advances between two kills.
    static func plan(
        _ count: Int, steps: Int, _ durations: Durations, _ generator: inout SplitMix64
    ) -> [KillMoment] {
        (0..<count).map { index in
            let (start, end) = (index * steps / count, (index + 1) * steps / count)
            let step = min(steps - 1, start + generator.below(max(1, end - start)))
            let moment = generator.uniform()
            return switch index % 4 {
            case 0: .starting(seconds: moment * durations.startSeconds)
            case 2: .training(step: step, seconds: moment * durations.stepSeconds)
            default: .writing(step: step, seconds: 0.9 * moment * durations.writeSeconds)
            }
        }
    }
}
