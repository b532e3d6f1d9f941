// Tells the thread sanitizer of Swift's Mutex what it cannot see.
//
// The fast paths of Synchronization.Mutex are compiled into our modules, where the sanitizer sees their atomic
// operations. The slow paths, which wait for a lock that another thread holds, are in libswiftSynchronization, which is
// not built with the sanitizer: a lock got there looks like no lock, and all that it protects like a race. These two
// functions come before the library's (LD_PRELOAD), call them, and say what they have done. The lock's address is self.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

#define LOCK_SLOW "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK_SLOW "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"
#define SELF __attribute__((swift_context)) void *self

// Weak: programs without the sanitizer that the tests start have neither.
void __tsan_acquire(void *) __attribute__((weak));
void __tsan_release(void *) __attribute__((weak));

__attribute__((swiftcall)) void lock_slow(uint32_t state, SELF) __asm__(LOCK_SLOW);
__attribute__((swiftcall)) void lock_slow(uint32_t state, SELF) {
    typedef __attribute__((swiftcall)) void (*function)(uint32_t, SELF);
    ((function)dlsym(RTLD_NEXT, LOCK_SLOW))(state, self);
    if (__tsan_acquire) __tsan_acquire(self);
}

__attribute__((swiftcall)) void unlock_slow(SELF) __asm__(UNLOCK_SLOW);
__attribute__((swiftcall)) void unlock_slow(SELF) {
    typedef __attribute__((swiftcall)) void (*function)(SELF);
    if (__tsan_release) __tsan_release(self);
    ((function)dlsym(RTLD_NEXT, UNLOCK_SLOW))(self);
}
