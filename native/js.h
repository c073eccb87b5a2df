/*
 * Reading JavaScript arguments and throwing JavaScript errors. A reader that returns false (or NULL) has already thrown; the caller
 * releases what it holds and returns NULL.
 */
#ifndef NETLOOM_JS_H
#define NETLOOM_JS_H

#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Fills `argv` with `count` arguments; those that were not given are `undefined`. */
bool js_args(napi_env env, napi_callback_info info, size_t count, napi_value *argv);
bool js_int(napi_env env, napi_value value, int *out);
/* Allocated with malloc; text with a NUL inside is refused. */
char *js_string(napi_env env, napi_value value);
/* As js_string, but null and undefined give a NULL in `out`. */
bool js_optional_string(napi_env env, napi_value value, char **out);
/* The bytes belong to the Buffer: valid until the call returns to JavaScript. */
bool js_bytes(napi_env env, napi_value value, uint8_t **data, size_t *length);
/* A property read as a boolean: absent is false. */
bool js_flag(napi_env env, napi_value object, const char *name, bool *out);

napi_value js_from_int(napi_env env, int value);
napi_value js_undefined(napi_env env);

/* `EEXIST: File exists, open '/a/path'` with .code, .errno and .syscall; `detail` may be NULL. */
napi_value js_error(napi_env env, int error, const char *syscall, const char *detail);
/* Throws js_error for the current errno and returns NULL. */
napi_value js_throw_errno(napi_env env, const char *syscall, const char *detail);

/* exports[name] = function; false when an exception is pending. */
bool js_export(napi_env env, napi_value exports, const char *name, napi_callback function);

#endif
