// libcurl's easy interface, called through addresses found at run time: neither its headers nor the library need to be
// installed to build. Two of its functions take a variable argument, whose calling convention only C knows.
#pragma once
#include <stddef.h>

// Receives bytes of a header or body; a number other than size * count stops the transfer.
typedef size_t (*luthier_curl_receiver)(char *bytes, size_t size, size_t count, void *context);

static inline int luthier_curl_global_init(void *function) {
    const long everything = 3;
    return ((int (*)(long))function)(everything);
}

static inline void *luthier_curl_new(void *function) { return ((void *(*)(void))function)(); }

// For curl_easy_reset, curl_easy_cleanup and curl_slist_free_all.
static inline void luthier_curl_apply(void *function, void *handle) { ((void (*)(void *))function)(handle); }

static inline int luthier_curl_perform(void *function, void *handle) { return ((int (*)(void *))function)(handle); }

static inline const char *luthier_curl_message(void *function, int code) {
    return ((const char *(*)(int))function)(code);
}

static inline void *luthier_curl_append(void *function, void *list, const char *text) {
    return ((void *(*)(void *, const char *))function)(list, text);
}

static inline int luthier_curl_set_number(void *function, void *handle, int option, long value) {
    return ((int (*)(void *, int, ...))function)(handle, option, value);
}

static inline int luthier_curl_set_pointer(void *function, void *handle, int option, const void *value) {
    return ((int (*)(void *, int, ...))function)(handle, option, value);
}

static inline int luthier_curl_set_receiver(void *function, void *handle, int option, luthier_curl_receiver value) {
    return ((int (*)(void *, int, ...))function)(handle, option, value);
}
