#include "js.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool js_args(napi_env env, napi_callback_info info, size_t count, napi_value *argv) {
  size_t given = count;
  return napi_get_cb_info(env, info, &given, argv, NULL, NULL) == napi_ok;
}

static void throw_type(napi_env env, const char *expected) {
  char message[64];
  snprintf(message, sizeof message, "expected %s", expected);
  napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", message);
}

bool js_int(napi_env env, napi_value value, int *out) {
  int32_t number;
  if (napi_get_value_int32(env, value, &number) != napi_ok) {
    throw_type(env, "an integer");
    return false;
  }
  *out = number;
  return true;
}

char *js_string(napi_env env, napi_value value) {
  size_t length;
  if (napi_get_value_string_utf8(env, value, NULL, 0, &length) != napi_ok) {
    throw_type(env, "a string");
    return NULL;
  }
  char *text = malloc(length + 1);
  if (text == NULL) return js_throw_errno(env, "malloc", NULL), NULL;
  napi_get_value_string_utf8(env, value, text, length + 1, &length);
  if (strlen(text) != length) {
    free(text);
    throw_type(env, "a string without NUL");
    return NULL;
  }
  return text;
}

bool js_optional_string(napi_env env, napi_value value, char **out) {
  napi_valuetype type;
  *out = NULL;
  if (napi_typeof(env, value, &type) != napi_ok) return false;
  if (type == napi_null || type == napi_undefined) return true;
  *out = js_string(env, value);
  return *out != NULL;
}

bool js_bytes(napi_env env, napi_value value, uint8_t **data, size_t *length) {
  bool is_buffer = false;
  napi_is_buffer(env, value, &is_buffer);
  if (!is_buffer || napi_get_buffer_info(env, value, (void **)data, length) != napi_ok) {
    throw_type(env, "a Buffer");
    return false;
  }
  return true;
}

bool js_flag(napi_env env, napi_value object, const char *name, bool *out) {
  napi_value value;
  napi_valuetype type;
  *out = false;
  if (napi_get_named_property(env, object, name, &value) != napi_ok) {
    throw_type(env, "an object of options");
    return false;
  }
  if (napi_typeof(env, value, &type) != napi_ok) return false;
  if (type == napi_undefined) return true;
  if (napi_get_value_bool(env, value, out) != napi_ok) {
    throw_type(env, "a boolean option");
    return false;
  }
  return true;
}

napi_value js_from_int(napi_env env, int value) {
  napi_value result = NULL;
  napi_create_int32(env, value, &result);
  return result;
}

napi_value js_undefined(napi_env env) {
  napi_value result = NULL;
  napi_get_undefined(env, &result);
  return result;
}

napi_value js_error(napi_env env, int error, const char *syscall, const char *detail) {
  const char *name = strerrorname_np(error);
  char unknown[24], reason[128], message[512];
  if (name == NULL) {
    snprintf(unknown, sizeof unknown, "E%d", error);
    name = unknown;
  }
  /* strerror_r because pool threads and workers make errors too. */
  const char *words = strerror_r(error, reason, sizeof reason);
  if (detail != NULL) snprintf(message, sizeof message, "%s: %s, %s '%s'", name, words, syscall, detail);
  else snprintf(message, sizeof message, "%s: %s, %s", name, words, syscall);

  napi_value code, text, call, result = NULL;
  napi_create_string_utf8(env, name, NAPI_AUTO_LENGTH, &code);
  napi_create_string_utf8(env, message, NAPI_AUTO_LENGTH, &text);
  napi_create_string_utf8(env, syscall, NAPI_AUTO_LENGTH, &call);
  if (napi_create_error(env, code, text, &result) != napi_ok) return NULL;
  napi_set_named_property(env, result, "errno", js_from_int(env, error));
  napi_set_named_property(env, result, "syscall", call);
  return result;
}

napi_value js_throw_errno(napi_env env, const char *syscall, const char *detail) {
  napi_value error = js_error(env, errno, syscall, detail);
  if (error != NULL) napi_throw(env, error);
  return NULL;
}

bool js_export(napi_env env, napi_value exports, const char *name, napi_callback function) {
  napi_value value;
  return napi_create_function(env, name, NAPI_AUTO_LENGTH, function, NULL, &value) == napi_ok &&
         napi_set_named_property(env, exports, name, value) == napi_ok;
}
