// Preloaded into the program: the time of day is FAULT_SECONDS later than it is; negative values move the clock back.
// With FAULT_AFTER it jumps there after so many looks at it.

#define _GNU_SOURCE
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static atomic_long looks;

static time_t shift(void) {
    const char *value = getenv("FAULT_SECONDS"), *after = getenv("FAULT_AFTER");
    if (after && atomic_fetch_add(&looks, 1) < atol(after)) return 0;
    return value ? atol(value) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    int result = syscall(SYS_clock_gettime, clock, time);
    if (!result && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) time->tv_sec += shift();
    return result;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    int result = syscall(SYS_gettimeofday, time, zone);
    if (!result) time->tv_sec += shift();
    return result;
}

time_t time(time_t *result) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (result) *result = now.tv_sec;
    return now.tv_sec;
}
