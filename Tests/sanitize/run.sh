#!/usr/bin/env bash
# Runs the tests of the modules where memory and threads are handled by hand under the address and the thread sanitizer.
# Use: Tests/sanitize/run.sh [address|thread …, by default both]
#
# Only these targets, because a build for each sanitizer takes long. The modules above them leave memory and threads to
# them, except for the thread that writes checkpoints and the tasks of Preparation and Service: those are not covered.
set -euo pipefail
cd "$(dirname "$0")/../.."
targets=(StrictJSONTests DatabaseTests HTTPServerTests CheckpointTests KernelsTests InferenceTests)
[ $# -gt 0 ] || set -- address thread
LUTHIER_TARGETS=$(IFS=, && echo "${targets[*]}")
export LUTHIER_TARGETS
filter="^($(IFS='|' && echo "${targets[*]}"))\\."
# A sanitizer's report, not Swift's backtrace, is wanted.
export SWIFT_BACKTRACE=enable=no
status=0
for sanitizer in "$@"; do
    build=.build/$sanitizer
    ${SWIFT:-swift} build -c release --build-tests --sanitize="$sanitizer" --scratch-path "$build"
    program=$(ls "$build"/release/*PackageTests.xctest)
    tests=("$program" --testing-library swift-testing --filter "$filter")
    log=$build/tests.log
    if [ "$sanitizer" = address ]; then
        # HDF5 keeps its tables until the process ends (H5dont_atexit): leaks are not looked for.
        export ASAN_OPTIONS=detect_leaks=0:halt_on_error=1
        "${tests[@]}" >"$log" 2>&1 || status=1
    else
        # What the sanitizer cannot see of Swift's Mutex; and proof that it finds a race and accepts a lock.
        clang -O2 -Wall -Werror -shared -fPIC -o "$build/mutex.so" Tests/sanitize/mutex.c -ldl
        export TSAN_OPTIONS="suppressions=$PWD/Tests/sanitize/thread.txt halt_on_error=0 exitcode=66"
        swiftc -swift-version 6 -O -parse-as-library -sanitize=thread -o "$build/known" Tests/sanitize/Known.swift
        for kind in lock race; do
            outcome=0
            LD_PRELOAD=$PWD/$build/mutex.so "$build/known" "$kind" >"$build/known-$kind.log" 2>&1 || outcome=$?
            case $kind$outcome in
                lock0) echo "thread: a lock is accepted" ;;
                race66) echo "thread: a race is found" ;;
                *) echo "thread: the known $kind gave exit code $outcome; see $build/known-$kind.log" && status=1 ;;
            esac
        done
        LD_PRELOAD=$PWD/$build/mutex.so "${tests[@]}" >"$log" 2>&1 || status=1
    fi
    echo "$sanitizer: $(grep -E 'Test run with .* tests' "$log" | tail -n 1 | sed 's/^[^A-Za-z]*//'), $(grep -cE \
        'ERROR: AddressSanitizer|WARNING: ThreadSanitizer' "$log" || true) reports, see $log"
done
exit "$status"
