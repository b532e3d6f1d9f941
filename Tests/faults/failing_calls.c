// Preloaded into the program: lets the Nth write, fsync, rename or close of one checkpoint fail, or kills at the Nth call.
//
// FAULT_NAME   part of the names of the files whose calls count, such as "step-000014.h5"
// FAULT_AFTER  1: calls of `latest` and `best`, and of the folder, count as well once such a file was seen
// FAULT_KIND   write, fsync, rename, close: that kind fails with FAULT_ERROR; kill: SIGKILL before any of these calls;
//              short: a write does half of its work
// FAULT_NUMBER which call, counted from 1; 0: none
// FAULT_LOG    file that gets the kind of every counted call, one per line

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int seen, counted, over;

static const char *setting(const char *name) {
    const char *value = getenv(name);
    return value ? value : "";
}

/// Whether calls about `path` count.
static int matches(const char *path) {
    const char *name = setting("FAULT_NAME");
    if (!*name) return 0;
    if (strstr(path, name)) {
        seen = 1;
        return 1;
    }
    // The next checkpoint ends the one that counts.
    if (seen && strstr(path, ".h5.tmp.")) over = 1;
    if (!seen || over || !*setting("FAULT_AFTER")) return 0;
    const char *base = strrchr(path, '/');
    base = base ? base + 1 : path;
    return !strncmp(base, "latest.tmp.", 11) || !strncmp(base, "best.tmp.", 9);
}

/// Counts a call; whether it must fail.
static int fails(const char *kind, int counts) {
    if (!counts) return 0;
    const char *wanted = setting("FAULT_KIND");
    int result = 0;
    pthread_mutex_lock(&lock);
    const char *log = setting("FAULT_LOG");
    if (*log) {
        int file = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND, 0644);
        if (file >= 0) {
            syscall(SYS_write, file, kind, strlen(kind));
            syscall(SYS_write, file, "\n", 1);
            syscall(SYS_close, file);
        }
    }
    int is_kill = !strcmp(wanted, "kill"), is_short = !strcmp(wanted, "short");
    if (is_kill || !strcmp(wanted, kind) || (is_short && !strcmp(kind, "write"))) {
        counted++;
        result = counted == atoi(setting("FAULT_NUMBER"));
        if (result && is_kill) kill(getpid(), SIGKILL);
        if (result && is_short) result = 2;
    }
    pthread_mutex_unlock(&lock);
    if (result == 1) errno = atoi(setting("FAULT_ERROR"));
    return result;
}

/// The path of an open file.
static int counts(int file) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    return matches(path);
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) {
    int failure = fails("write", counts(file));
    if (failure == 1) return -1;
    if (failure == 2 && count > 1) count /= 2;
    return syscall(SYS_pwrite64, file, bytes, count, offset);
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off_t offset) { return pwrite(file, bytes, count, offset); }

ssize_t write(int file, const void *bytes, size_t count) {
    int failure = fails("write", counts(file));
    if (failure == 1) return -1;
    if (failure == 2 && count > 1) count /= 2;
    return syscall(SYS_write, file, bytes, count);
}

int fsync(int file) {
    // Of the folder too, whose flush makes the rename last.
    struct stat status;
    int is_folder = !fstat(file, &status) && S_ISDIR(status.st_mode) && seen && !over && *setting("FAULT_AFTER");
    return fails("fsync", is_folder || counts(file)) ? -1 : syscall(SYS_fsync, file);
}

int close(int file) {
    // The file is closed all the same, as on Linux.
    int failure = fails("close", counts(file));
    int code = errno;
    int result = syscall(SYS_close, file);
    if (!failure) return result;
    errno = code;
    return -1;
}

int rename(const char *from, const char *to) {
    return fails("rename", matches(from)) ? -1 : syscall(SYS_rename, from, to);
}
