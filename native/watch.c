#include "watch.h"

#include <errno.h>

static void on_ready(uv_poll_t *handle, int status, int events) {
  (void)events;
  watch *self = (watch *)handle;
  napi_handle_scope scope;
  napi_open_handle_scope(self->env, &scope);
  self->ready(self, status);
  napi_close_handle_scope(self->env, scope);
}

static void on_closed(uv_handle_t *handle) {
  watch *self = (watch *)handle;
  napi_async_cleanup_hook_handle hook = self->hook;
  napi_handle_scope scope;
  napi_env env = self->env;
  napi_open_handle_scope(env, &scope);
  self->release(self);
  napi_close_handle_scope(env, scope);
  /* Last: a worker that ends waits for this before it frees the environment. */
  napi_remove_async_cleanup_hook(hook);
}

static void on_environment_end(napi_async_cleanup_hook_handle hook, void *data) {
  (void)hook;
  watch_stop(data);
}

int watch_start(watch *self, napi_env env, int fd, int events) {
  uv_loop_t *loop;
  self->env = env;
  self->stopped = false;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) return errno = ENOSYS, -1;
  int status = uv_poll_init(loop, &self->handle, fd);
  if (status != 0) return errno = -status, -1;
  napi_add_async_cleanup_hook(env, on_environment_end, self, &self->hook);
  uv_poll_start(&self->handle, events, on_ready);
  return 0;
}

void watch_resume(watch *self, int events) {
  if (!self->stopped) uv_poll_start(&self->handle, events, on_ready);
}

void watch_stop(watch *self) {
  if (self->stopped) return;
  self->stopped = true;
  uv_close((uv_handle_t *)&self->handle, on_closed);
}
