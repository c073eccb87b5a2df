/*
 * A file descriptor on the event loop of the thread that asks, closed cleanly when its worker ends. A caller embeds `watch` as the first
 * member of its own structure. The descriptor itself stays the caller's.
 */
#ifndef NETLOOM_WATCH_H
#define NETLOOM_WATCH_H

#include <node_api.h>
#include <stdbool.h>
#include <uv.h>

typedef struct watch watch;

struct watch {
  uv_poll_t handle;
  napi_env env;
  napi_async_cleanup_hook_handle hook;
  bool stopped;
  /* `status` below 0: the socket has an error to tell, and the watch must be resumed or stopped. */
  void (*ready)(watch *self, int status);
  /* Last call, on the loop thread: frees the structure. */
  void (*release)(watch *self);
};

/* Returns 0, or -1 with errno (then release is not called). `events` as uv_poll_start's. */
int watch_start(watch *self, napi_env env, int fd, int events);
/* After a `status` below 0, of which libuv stops polling. */
void watch_resume(watch *self, int events);
/* May be called again; `ready` is not called any more, `release` is called later. */
void watch_stop(watch *self);

#endif
