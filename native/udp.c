/*
 * A UDP server without an object per datagram: recvmmsg into one shared buffer, one call of JavaScript for all of them, one sendmmsg out
 * of it. The layout of the buffer is known to src/dns/native-udp.ts.
 */
#include "udp.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "js.h"
#include "watch.h"

#define SLOTS 64
#define SLOT_BYTES 4096
/* Holds a sockaddr_in6. */
#define PEER_BYTES 32
/* Full batches in a row on one socket before others get their turn. */
#define ROUNDS_MAX 4
/* About 1300 small datagrams: what comes while the thread takes over a large set of records must not be dropped. */
#define RECEIVE_BUFFER_BYTES (1 << 20)

typedef struct {
  uint8_t incoming[SLOTS][SLOT_BYTES];
  uint8_t outgoing[SLOTS][SLOT_BYTES];
  uint8_t peers[SLOTS][PEER_BYTES];
  /* The datagram's real length: more than SLOT_BYTES says that it was cut. */
  uint32_t incoming_bytes[SLOTS];
  /* Written by JavaScript; 0 sends nothing. */
  uint32_t outgoing_bytes[SLOTS];
} layout;

/* Shared by all sockets of a server, because they are read one after the other. */
typedef struct {
  /* The JavaScript handle and every socket. */
  int owners;
  napi_ref buffer;
  layout *data;
  struct mmsghdr in[SLOTS], out[SLOTS];
  struct iovec in_parts[SLOTS], out_parts[SLOTS];
} batch;

typedef struct {
  watch watch;
  int fd;
  batch *batch;
  napi_ref callback;
  /* The handle and the JavaScript object that stops it. */
  int owners;
} server;

static void disown_batch(napi_env env, batch *b) {
  if (--b->owners > 0) return;
  napi_delete_reference(env, b->buffer);
  free(b);
}

static void finalize_batch(napi_env env, void *data, void *hint) {
  (void)hint;
  disown_batch(env, data);
}

static void disown_server(server *s) {
  if (--s->owners == 0) free(s);
}

static void finalize_server(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  disown_server(data);
}

static void release_server(watch *self) {
  server *s = (server *)self;
  napi_delete_reference(self->env, s->callback);
  disown_batch(self->env, s->batch);
  if (s->fd >= 0) close(s->fd);
  disown_server(s);
}

static void point_at_slots(batch *b) {
  for (unsigned i = 0; i < SLOTS; i++) {
    b->in_parts[i] = (struct iovec){b->data->incoming[i], SLOT_BYTES};
    b->in[i].msg_hdr = (struct msghdr){.msg_name = b->data->peers[i], .msg_iov = &b->in_parts[i], .msg_iovlen = 1};
    b->out[i].msg_hdr = (struct msghdr){.msg_iov = &b->out_parts[i], .msg_iovlen = 1};
  }
}

/* udpBatch(): { handle, buffer } */
static napi_value udp_batch(napi_env env, napi_callback_info info) {
  (void)info;
  napi_value result, handle, buffer;
  batch *b = calloc(1, sizeof *b);
  if (b == NULL) return js_throw_errno(env, "malloc", NULL);
  b->owners = 1;
  if (napi_create_arraybuffer(env, sizeof(layout), (void **)&b->data, &buffer) != napi_ok ||
      napi_create_external(env, b, finalize_batch, NULL, &handle) != napi_ok) {
    free(b);
    return NULL;
  }
  napi_create_reference(env, buffer, 1, &b->buffer);
  point_at_slots(b);
  napi_create_object(env, &result);
  napi_set_named_property(env, result, "handle", handle);
  napi_set_named_property(env, result, "buffer", buffer);
  return result;
}

static int receive(batch *b, int fd) {
  for (unsigned i = 0; i < SLOTS; i++) b->in[i].msg_hdr.msg_namelen = PEER_BYTES;
  int received;
  do received = recvmmsg(fd, b->in, SLOTS, MSG_DONTWAIT | MSG_TRUNC, NULL);
  while (received < 0 && errno == EINTR);
  for (int i = 0; i < received; i++) {
    b->data->incoming_bytes[i] = b->in[i].msg_len;
    b->data->outgoing_bytes[i] = 0;
  }
  return received;
}

static unsigned gather(batch *b, int received) {
  unsigned count = 0;
  for (int i = 0; i < received; i++) {
    uint32_t bytes = b->data->outgoing_bytes[i];
    if (bytes == 0 || bytes > SLOT_BYTES) continue;
    b->out_parts[count] = (struct iovec){b->data->outgoing[i], bytes};
    b->out[count].msg_hdr.msg_name = b->data->peers[i];
    b->out[count].msg_hdr.msg_namelen = b->in[i].msg_hdr.msg_namelen;
    count++;
  }
  return count;
}

/* A message that fails stops sendmmsg. It is skipped, like a datagram that was lost on its way, so that the others still go out. */
static void send_all(batch *b, int fd, unsigned count) {
  for (unsigned at = 0; at < count;) {
    int sent = sendmmsg(fd, b->out + at, count - at, MSG_DONTWAIT);
    if (sent < 0 && errno == EINTR) continue;
    at += sent > 0 ? (unsigned)sent : 1;
  }
}

static bool tell(server *s, int received) {
  napi_env env = s->watch.env;
  napi_value argv[1], callback, global, exception;
  argv[0] = js_from_int(env, received);
  napi_get_reference_value(env, s->callback, &callback);
  napi_get_global(env, &global);
  napi_status status = napi_make_callback(env, NULL, global, callback, 1, argv, NULL);
  if (status == napi_pending_exception && napi_get_and_clear_last_exception(env, &exception) == napi_ok) {
    napi_fatal_exception(env, exception);
  }
  return status == napi_ok;
}

static void on_ready(watch *self, int status) {
  server *s = (server *)self;
  for (int round = 0; round < ROUNDS_MAX; round++) {
    int received = receive(s->batch, s->fd);
    if (received <= 0 || !tell(s, received) || self->stopped) break;
    send_all(s->batch, s->fd, gather(s->batch, received));
    if (received < SLOTS) break;
  }
  /* Reading has told and cleared the socket's error, and an unconnected UDP socket is as good as before. */
  if (status < 0) watch_resume(self, UV_READABLE);
}

/* udpServe(batch, fd, onBatch): what udpStop takes. The socket is ours from here on, and stays the caller's when this throws. */
static napi_value udp_serve(napi_env env, napi_callback_info info) {
  napi_value argv[3], result;
  napi_valuetype type;
  batch *b;
  int fd, bytes = RECEIVE_BUFFER_BYTES;
  if (!js_args(env, info, 3, argv) || !js_int(env, argv[1], &fd)) return NULL;
  if (napi_get_value_external(env, argv[0], (void **)&b) != napi_ok || napi_typeof(env, argv[2], &type) != napi_ok || type != napi_function) {
    napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", "expected what udpBatch returned, a file descriptor and a function");
    return NULL;
  }
  server *s = calloc(1, sizeof *s);
  if (s == NULL) return js_throw_errno(env, "malloc", NULL);
  *s = (server){.watch = {.ready = on_ready, .release = release_server}, .fd = fd, .batch = b, .owners = 1};
  if (napi_create_external(env, s, finalize_server, NULL, &result) != napi_ok) return disown_server(s), NULL;
  if (watch_start(&s->watch, env, fd, UV_READABLE) != 0) return js_throw_errno(env, "uv_poll", NULL);
  napi_create_reference(env, argv[2], 1, &s->callback);
  s->owners++;
  b->owners++;
  /* FORCE passes net.core.rmem_max and needs CAP_NET_ADMIN; where we have it not, the host's limit is what we get. */
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) != 0) setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  return result;
}

static server *read_server(napi_env env, napi_value value) {
  server *s;
  if (napi_get_value_external(env, value, (void **)&s) == napi_ok) return s;
  napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", "expected what udpServe returned");
  return NULL;
}

/* udpStop(server): closes the socket. May be called again. */
static napi_value udp_stop(napi_env env, napi_callback_info info) {
  napi_value argv[1];
  if (!js_args(env, info, 1, argv)) return NULL;
  server *s = read_server(env, argv[0]);
  if (s == NULL) return NULL;
  watch_stop(&s->watch);
  /* libuv has let go of the descriptor, so it need not wait for the handle. */
  if (s->fd >= 0) close(s->fd);
  s->fd = -1;
  return js_undefined(env);
}

/* udpSend(server, peer, data): 0, or the errno for which it was not sent. */
static napi_value udp_send(napi_env env, napi_callback_info info) {
  napi_value argv[3];
  uint8_t *peer, *data;
  size_t peer_bytes, data_bytes;
  struct sockaddr_in6 address;
  if (!js_args(env, info, 3, argv)) return NULL;
  server *s = read_server(env, argv[0]);
  if (s == NULL || !js_bytes(env, argv[1], &peer, &peer_bytes) || !js_bytes(env, argv[2], &data, &data_bytes)) return NULL;
  if (peer_bytes != PEER_BYTES) return js_from_int(env, EINVAL);
  memcpy(&address, peer, sizeof address);
  socklen_t size = address.sin6_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
  ssize_t sent = sendto(s->fd, data, data_bytes, MSG_DONTWAIT, (struct sockaddr *)&address, size);
  return js_from_int(env, sent < 0 ? errno : 0);
}

/* netnsOf(fd): a descriptor of the namespace in which a socket lives. */
static napi_value netns_of(napi_env env, napi_callback_info info) {
  napi_value argv[1];
  int fd;
  if (!js_args(env, info, 1, argv) || !js_int(env, argv[0], &fd)) return NULL;
  int netns = ioctl(fd, SIOCGSKNS);
  return netns < 0 ? js_throw_errno(env, "ioctl", "SIOCGSKNS") : js_from_int(env, netns);
}

napi_value init_udp(napi_env env, napi_value exports) {
  bool ok = js_export(env, exports, "udpBatch", udp_batch) && js_export(env, exports, "udpServe", udp_serve) &&
            js_export(env, exports, "udpStop", udp_stop) && js_export(env, exports, "udpSend", udp_send) &&
            js_export(env, exports, "netnsOf", netns_of);
  return ok ? exports : NULL;
}
