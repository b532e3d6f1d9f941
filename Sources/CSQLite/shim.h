// SQLite, called through addresses found at run time: its header is needed to build, the library only by a program that
// opens a database.
#pragma once
#include <dlfcn.h>
#include <stddef.h>
#include <sqlite3.h>

// The functions of SQLite that Luthier calls (sqlite.org/c3ref), with the types of its header.
typedef struct {
    __typeof__(&sqlite3_open_v2) open;
    __typeof__(&sqlite3_close_v2) close;
    __typeof__(&sqlite3_exec) execute_script;
    __typeof__(&sqlite3_prepare_v3) prepare;
    __typeof__(&sqlite3_finalize) finalize;
    __typeof__(&sqlite3_step) step;
    __typeof__(&sqlite3_reset) reset;
    __typeof__(&sqlite3_clear_bindings) clear_bindings;
    __typeof__(&sqlite3_bind_parameter_count) parameter_count;
    __typeof__(&sqlite3_bind_null) bind_null;
    __typeof__(&sqlite3_bind_int64) bind_integer;
    __typeof__(&sqlite3_bind_double) bind_double;
    __typeof__(&sqlite3_bind_text64) bind_text;
    __typeof__(&sqlite3_bind_blob64) bind_blob;
    __typeof__(&sqlite3_bind_zeroblob) bind_zeros;
    __typeof__(&sqlite3_column_count) column_count;
    __typeof__(&sqlite3_column_name) column_name;
    __typeof__(&sqlite3_column_type) column_type;
    __typeof__(&sqlite3_column_int64) column_integer;
    __typeof__(&sqlite3_column_double) column_double;
    __typeof__(&sqlite3_column_text) column_text;
    __typeof__(&sqlite3_column_blob) column_blob;
    __typeof__(&sqlite3_column_bytes) column_bytes;
    __typeof__(&sqlite3_changes) changes;
    __typeof__(&sqlite3_total_changes) total_changes;
    __typeof__(&sqlite3_errmsg) message;
    __typeof__(&sqlite3_errstr) message_of_code;
    __typeof__(&sqlite3_system_errno) system_error;
    __typeof__(&sqlite3_get_autocommit) is_outside_transaction;
    __typeof__(&sqlite3_db_readonly) is_read_only;
    __typeof__(&sqlite3_busy_timeout) busy_timeout;
    __typeof__(&sqlite3_free) free;
} luthier_sqlite;

// Finds the functions; returns the name of the first that `library` does not have, or null.
static inline const char *luthier_sqlite_find(void *library, luthier_sqlite *functions) {
#define LUTHIER_FIND(field, name)                                                          \
    functions->field = (__typeof__(functions->field))dlsym(library, #name);                \
    if (!functions->field) return #name;
    LUTHIER_FIND(open, sqlite3_open_v2)
    LUTHIER_FIND(close, sqlite3_close_v2)
    LUTHIER_FIND(execute_script, sqlite3_exec)
    LUTHIER_FIND(prepare, sqlite3_prepare_v3)
    LUTHIER_FIND(finalize, sqlite3_finalize)
    LUTHIER_FIND(step, sqlite3_step)
    LUTHIER_FIND(reset, sqlite3_reset)
    LUTHIER_FIND(clear_bindings, sqlite3_clear_bindings)
    LUTHIER_FIND(parameter_count, sqlite3_bind_parameter_count)
    LUTHIER_FIND(bind_null, sqlite3_bind_null)
    LUTHIER_FIND(bind_integer, sqlite3_bind_int64)
    LUTHIER_FIND(bind_double, sqlite3_bind_double)
    LUTHIER_FIND(bind_text, sqlite3_bind_text64)
    LUTHIER_FIND(bind_blob, sqlite3_bind_blob64)
    LUTHIER_FIND(bind_zeros, sqlite3_bind_zeroblob)
    LUTHIER_FIND(column_count, sqlite3_column_count)
    LUTHIER_FIND(column_name, sqlite3_column_name)
    LUTHIER_FIND(column_type, sqlite3_column_type)
    LUTHIER_FIND(column_integer, sqlite3_column_int64)
    LUTHIER_FIND(column_double, sqlite3_column_double)
    LUTHIER_FIND(column_text, sqlite3_column_text)
    LUTHIER_FIND(column_blob, sqlite3_column_blob)
    LUTHIER_FIND(column_bytes, sqlite3_column_bytes)
    LUTHIER_FIND(changes, sqlite3_changes)
    LUTHIER_FIND(total_changes, sqlite3_total_changes)
    LUTHIER_FIND(message, sqlite3_errmsg)
    LUTHIER_FIND(message_of_code, sqlite3_errstr)
    LUTHIER_FIND(system_error, sqlite3_system_errno)
    LUTHIER_FIND(is_outside_transaction, sqlite3_get_autocommit)
    LUTHIER_FIND(is_read_only, sqlite3_db_readonly)
    LUTHIER_FIND(busy_timeout, sqlite3_busy_timeout)
    LUTHIER_FIND(free, sqlite3_free)
#undef LUTHIER_FIND
    return NULL;
}

// SQLITE_TRANSIENT, a number cast to a function, is something that only C can write: SQLite copies the bytes.
static inline int luthier_sqlite_bind_text(
    const luthier_sqlite *functions, sqlite3_stmt *statement, int index, const char *bytes, sqlite3_uint64 count) {
    return functions->bind_text(statement, index, bytes, count, SQLITE_TRANSIENT, SQLITE_UTF8);
}

static inline int luthier_sqlite_bind_blob(
    const luthier_sqlite *functions, sqlite3_stmt *statement, int index, const void *bytes, sqlite3_uint64 count) {
    return functions->bind_blob(statement, index, bytes, count, SQLITE_TRANSIENT);
}
