#include "job.h"

#include <errno.h>

#include "js.h"

void job_fail(job *self, const char *syscall, const char *detail) {
  self->error = errno;
  self->syscall = syscall;
  self->detail = detail;
}

static void execute(napi_env env, void *data) {
  (void)env;
  job *self = data;
  self->run(self);
}

static void complete(napi_env env, napi_status status, void *data) {
  job *self = data;
  napi_handle_scope scope;
  napi_open_handle_scope(env, &scope);
  if (status == napi_cancelled) {
    errno = ECANCELED;
    job_fail(self, "uv_cancel", NULL);
  }
  napi_value value = NULL;
  if (self->error == 0) value = self->value != NULL ? self->value(env, self) : js_undefined(env);
  if (value != NULL) {
    napi_resolve_deferred(env, self->deferred, value);
  } else {
    int error = self->error != 0 ? self->error : ENOMEM;
    napi_reject_deferred(env, self->deferred, js_error(env, error, self->error != 0 ? self->syscall : "malloc", self->detail));
  }
  napi_delete_async_work(env, self->work);
  self->release(self);
  napi_close_handle_scope(env, scope);
}

napi_value job_start(napi_env env, job *self, const char *name) {
  napi_value promise, label;
  if (napi_create_string_utf8(env, name, NAPI_AUTO_LENGTH, &label) != napi_ok ||
      napi_create_async_work(env, NULL, label, execute, complete, self, &self->work) != napi_ok) {
    self->release(self);
    return NULL;
  }
  if (napi_create_promise(env, &self->deferred, &promise) != napi_ok || napi_queue_async_work(env, self->work) != napi_ok) {
    napi_delete_async_work(env, self->work);
    self->release(self);
    return NULL;
  }
  return promise;
}
