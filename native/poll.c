/* Messages of a socket as they come, with their boundaries kept: netlink events, captured packets, a container's streams. */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "js.h"
#include "parts.h"
#include "watch.h"

/* The largest message: a captured packet is at most 64 KiB with its headers, a unix message at most net.core.wmem_default. */
#define MESSAGE_MAX (256 << 10)
/* Messages per wake, so that one busy socket does not starve the loop. */
#define BATCH_MAX 64

typedef struct {
  watch watch;
  int fd;
  /* Has an end of file: 0 bytes from a connection are one, 0 bytes from others are a message. */
  bool connection;
  /* Messages were lost, and it is not told yet. */
  bool lost;
  napi_ref callback;
  /* The handle and the JavaScript object that stops it. */
  int owners;
  uint8_t *buffer;
} poller;

static void disown(poller *p) {
  if (--p->owners > 0) return;
  free(p->buffer);
  free(p);
}

static void release_watch(watch *self) {
  poller *p = (poller *)self;
  napi_delete_reference(self->env, p->callback);
  disown(p);
}

static void finalize(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  disown(data);
}

typedef enum { MORE, EMPTY, END, FAILED } outcome;

static outcome receive(poller *p, napi_value batch, uint32_t index) {
  ssize_t size;
  do size = recv(p->fd, p->buffer, MESSAGE_MAX, MSG_DONTWAIT | MSG_TRUNC);
  while (size < 0 && errno == EINTR);
  if (size < 0) return errno == EAGAIN ? EMPTY : FAILED;
  if (size == 0 && p->connection) return END;
  if (size > MESSAGE_MAX) return errno = EMSGSIZE, FAILED;
  napi_value message;
  if (napi_create_buffer_copy(p->watch.env, (size_t)size, p->buffer, NULL, &message) != napi_ok) return errno = ENOMEM, FAILED;
  napi_set_element(p->watch.env, batch, index, message);
  return MORE;
}

static void tell(poller *p, napi_value batch, int error) {
  napi_env env = p->watch.env;
  napi_value argv[2], callback, global, exception;
  argv[0] = batch;
  if (error != 0) argv[1] = js_error(env, error, "recvmsg", NULL);
  else napi_get_null(env, &argv[1]);
  napi_get_reference_value(env, p->callback, &callback);
  napi_get_global(env, &global);
  if (napi_make_callback(env, NULL, global, callback, 2, argv, NULL) == napi_pending_exception &&
      napi_get_and_clear_last_exception(env, &exception) == napi_ok) {
    napi_fatal_exception(env, exception);
  }
}

/* After these the socket is as good as before: messages were lost, or the interface went down. */
static bool survives(int error) {
  return error == ENOBUFS || error == ENETDOWN || error == EMSGSIZE;
}

/*
 * Reads up to a batch. A congested netlink socket says ENOBUFS once, and drops all until it is empty [af_netlink.c netlink_rcv_wake]: so
 * that error is told when it is empty, when asking for the present state misses nothing any more.
 */
static outcome receive_batch(poller *p, napi_value batch, uint32_t *count) {
  outcome outcome = MORE;
  while (*count < BATCH_MAX && outcome == MORE) {
    outcome = receive(p, batch, *count);
    if (outcome == MORE) {
      ++*count;
    } else if (outcome == FAILED && errno == ENOBUFS) {
      p->lost = true;
      outcome = MORE;
    }
  }
  if (outcome == EMPTY && p->lost) {
    p->lost = false;
    errno = ENOBUFS;
    return FAILED;
  }
  return outcome;
}

static void on_ready(watch *self, int status) {
  poller *p = (poller *)self;
  napi_value batch;
  uint32_t count = 0;
  napi_create_array(self->env, &batch);
  outcome outcome = receive_batch(p, batch, &count);
  int error = outcome == FAILED ? errno : 0;
  /* libuv saw an error that recvmsg does not tell: polling on would spin. */
  if (status < 0 && outcome == EMPTY && count == 0) error = -status;
  /* An end that comes behind messages is met again at the next wake. */
  bool end = outcome == END && count == 0;
  if (end || (error != 0 && !survives(error))) watch_stop(self);
  else if (status < 0) watch_resume(self, UV_READABLE);
  if (count > 0 || end || error != 0) tell(p, batch, error);
}

static poller *new_poller(napi_env env, int fd) {
  int type;
  socklen_t size = sizeof type;
  if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0) return js_throw_errno(env, "getsockopt", NULL), NULL;
  poller *p = calloc(1, sizeof *p);
  if (p == NULL || (p->buffer = malloc(MESSAGE_MAX)) == NULL) {
    free(p);
    return js_throw_errno(env, "malloc", NULL), NULL;
  }
  p->fd = fd;
  p->connection = type == SOCK_SEQPACKET || type == SOCK_STREAM;
  p->watch.ready = on_ready;
  p->watch.release = release_watch;
  p->owners = 1;
  return p;
}

static napi_value poll_start(napi_env env, napi_callback_info info) {
  napi_value argv[2], result;
  napi_valuetype type;
  int fd;
  if (!js_args(env, info, 2, argv) || !js_int(env, argv[0], &fd)) return NULL;
  if (napi_typeof(env, argv[1], &type) != napi_ok || type != napi_function) {
    napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", "expected a function");
    return NULL;
  }
  poller *p = new_poller(env, fd);
  if (p == NULL) return NULL;
  /* Owned by the JavaScript object from here on; a running handle is the second owner. */
  if (napi_create_external(env, p, finalize, NULL, &result) != napi_ok) return disown(p), NULL;
  if (watch_start(&p->watch, env, fd, UV_READABLE) != 0) return js_throw_errno(env, "uv_poll", NULL);
  napi_create_reference(env, argv[1], 1, &p->callback);
  p->owners++;
  return result;
}

static napi_value poll_stop(napi_env env, napi_callback_info info) {
  napi_value argv[1];
  poller *p;
  if (!js_args(env, info, 1, argv) || napi_get_value_external(env, argv[0], (void **)&p) != napi_ok) {
    napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", "expected what pollStart returned");
    return NULL;
  }
  watch_stop(&p->watch);
  return js_undefined(env);
}

typedef struct {
  watch watch;
  int copy;
  napi_deferred deferred;
} writable_wait;

static void on_writable(watch *self, int status) {
  writable_wait *w = (writable_wait *)self;
  /* Resolved for an error too: the next send tells it. */
  (void)status;
  watch_stop(self);
  napi_resolve_deferred(self->env, w->deferred, js_undefined(self->env));
}

static void release_wait(watch *self) {
  writable_wait *w = (writable_wait *)self;
  close(w->copy);
  free(w);
}

/* On a copy of the descriptor, because libuv takes each one only once and it may be polled for reading. */
static napi_value wait_writable(napi_env env, napi_callback_info info) {
  napi_value argv[1], promise;
  int fd;
  if (!js_args(env, info, 1, argv) || !js_int(env, argv[0], &fd)) return NULL;
  writable_wait *w = calloc(1, sizeof *w);
  if (w == NULL) return js_throw_errno(env, "malloc", NULL);
  w->watch.ready = on_writable;
  w->watch.release = release_wait;
  w->copy = dup(fd);
  if (w->copy < 0 || watch_start(&w->watch, env, w->copy, UV_WRITABLE) != 0) {
    js_throw_errno(env, "uv_poll", NULL);
    if (w->copy >= 0) close(w->copy);
    free(w);
    return NULL;
  }
  if (napi_create_promise(env, &w->deferred, &promise) != napi_ok) return watch_stop(&w->watch), NULL;
  return promise;
}

napi_value init_poll(napi_env env, napi_value exports) {
  bool ok = js_export(env, exports, "pollStart", poll_start) && js_export(env, exports, "pollStop", poll_stop) &&
         js_export(env, exports, "waitWritable", wait_writable);
  return ok ? exports : NULL;
}
