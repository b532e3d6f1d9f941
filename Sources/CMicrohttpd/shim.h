// GNU libmicrohttpd, called through addresses found at run time: its header is needed to build, the library only by a
// program that starts a server.
#pragma once
#include <dlfcn.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <microhttpd.h>

// The functions that Luthier calls (gnu.org/software/libmicrohttpd/manual), with the types of the library's header. Their
// addresses never change.
typedef struct __attribute__((swift_attr("@Sendable"))) {
    __typeof__(&MHD_start_daemon) start;
    __typeof__(&MHD_stop_daemon) stop;
    __typeof__(&MHD_quiesce_daemon) stop_listening;
    __typeof__(&MHD_get_connection_info) connection_info;
    __typeof__(&MHD_get_connection_values_n) each_value;
    __typeof__(&MHD_create_response_from_callback) create_response;
    __typeof__(&MHD_add_response_header) add_header;
    __typeof__(&MHD_queue_response) queue_response;
    __typeof__(&MHD_destroy_response) destroy_response;
} luthier_microhttpd;

// Finds the functions; returns the name of the first that `library` does not have, or null.
static inline const char *luthier_microhttpd_find(void *library, luthier_microhttpd *functions) {
#define LUTHIER_FIND(field, name)                                                          \
    functions->field = (__typeof__(functions->field))dlsym(library, #name);                \
    if (!functions->field) return #name;
    LUTHIER_FIND(start, MHD_start_daemon)
    LUTHIER_FIND(stop, MHD_stop_daemon)
    LUTHIER_FIND(stop_listening, MHD_quiesce_daemon)
    LUTHIER_FIND(connection_info, MHD_get_connection_info)
    LUTHIER_FIND(each_value, MHD_get_connection_values_n)
    LUTHIER_FIND(create_response, MHD_create_response_from_callback)
    LUTHIER_FIND(add_header, MHD_add_response_header)
    LUTHIER_FIND(queue_response, MHD_queue_response)
    LUTHIER_FIND(destroy_response, MHD_destroy_response)
#undef LUTHIER_FIND
    return NULL;
}

// What the library calls. Each gets `context`.
typedef struct {
    void *context;
    MHD_AccessHandlerCallback request;
    void *(*target)(void *context, const char *target, struct MHD_Connection *connection);
    MHD_NotifyConnectionCallback connection;
    MHD_RequestCompletedCallback completed;
} luthier_microhttpd_callbacks;

// Starts a server with one thread per connection on a socket that listens already. It has no timeouts. Null on failure.
static inline struct MHD_Daemon *luthier_microhttpd_start(
    const luthier_microhttpd *functions, int listener, unsigned int connections, size_t connection_memory,
    const luthier_microhttpd_callbacks *callbacks) {
    struct MHD_OptionItem options[] = {
        {MHD_OPTION_LISTEN_SOCKET, listener, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, connections, NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, (intptr_t)connection_memory, NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, 0, NULL},
        {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)callbacks->target, callbacks->context},
        {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)callbacks->connection, callbacks->context},
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)callbacks->completed, callbacks->context},
        {MHD_OPTION_END, 0, NULL},
    };
    return functions->start(
        MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL | MHD_USE_ITC, 0, NULL, NULL,
        callbacks->request, callbacks->context, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
}

static inline int luthier_microhttpd_descriptor(
    const luthier_microhttpd *functions, struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info =
        functions->connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info ? info->connect_fd : -1;
}

// What `callbacks->connection` has stored for the connection.
static inline void *luthier_microhttpd_context(
    const luthier_microhttpd *functions, struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info =
        functions->connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

static const enum MHD_Result luthier_microhttpd_yes = MHD_YES;
static const enum MHD_Result luthier_microhttpd_no = MHD_NO;

static inline int luthier_microhttpd_is_start(enum MHD_ConnectionNotificationCode code) {
    return code == MHD_CONNECTION_NOTIFY_STARTED;
}

// MHD_SIZE_UNKNOWN, MHD_CONTENT_READER_END_OF_STREAM and MHD_CONTENT_READER_END_WITH_ERROR.
static const uint64_t luthier_microhttpd_unknown_size = UINT64_MAX;
static const ssize_t luthier_microhttpd_end = -1;
static const ssize_t luthier_microhttpd_failure = -2;

static inline enum MHD_ValueKind luthier_microhttpd_headers(void) { return MHD_HEADER_KIND; }

// The event of poll that tells that the other side will not send any more; without it, only a broken connection is
// noticed.
#if defined(POLLRDHUP)
static const short luthier_poll_hang_up = POLLRDHUP;
#elif defined(__linux__)
static const short luthier_poll_hang_up = 0x2000;
#else
static const short luthier_poll_hang_up = POLLHUP;
#endif

// The place of `pattern` in `bytes`, or null. The C library declares its fast search only for programs that ask for its
// extensions.
extern void *memmem(const void *bytes, size_t count, const void *pattern, size_t pattern_count);

static inline const void *luthier_find_bytes(
    const void *bytes, size_t count, const void *pattern, size_t pattern_count) {
    return memmem(bytes, count, pattern, pattern_count);
}
