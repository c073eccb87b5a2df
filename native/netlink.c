/*
 * Netlink sockets: made in a namespace, asked off the main thread. Only message headers are read here ([linux/netlink.h]); what a message
 * means is TypeScript's business.
 */
#include <errno.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "job.h"
#include "js.h"
#include "netlink.h"
#include "netns.h"
#include "parts.h"

/* Room for the acknowledgements of the largest batch, and for a burst of link events. */
#define RECEIVE_BUFFER (8 << 20)
/* One nftables transaction is one message: thousands of set elements. */
#define SEND_BUFFER (32 << 20)
/* The kernel fills dumps in pieces of at most this size, and makes them smaller when a reader offers less [af_netlink.c netlink_dump]. */
#define DUMP_PIECE 32768

static void set_buffer(int fd, int forced, int plain, int size) {
  /* Without CAP_NET_ADMIN the size is limited by net.core.{r,w}mem_max, which is no reason to fail. */
  if (setsockopt(fd, SOL_SOCKET, forced, &size, sizeof size) != 0) setsockopt(fd, SOL_SOCKET, plain, &size, sizeof size);
}

static int configure(int fd) {
  int on = 1;
  struct sockaddr_nl address = {.nl_family = AF_NETLINK};
  set_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF, RECEIVE_BUFFER);
  set_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF, SEND_BUFFER);
  if (setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on) != 0) return -1;
  if (setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on) != 0) return -1;
  if (setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof on) != 0) return -1;
  return bind(fd, (struct sockaddr *)&address, sizeof address);
}

int netlink_open_in(int ns_fd, int protocol, const char **failed) {
  int home;
  *failed = "setns";
  if (netns_enter(ns_fd, &home) != 0) return -1;
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
  netns_leave(home);
  *failed = "socket";
  if (fd < 0) return -1;
  *failed = "setsockopt";
  if (configure(fd) == 0) return fd;
  int error = errno;
  close(fd);
  errno = error;
  return -1;
}

static napi_value netlink_open(napi_env env, napi_callback_info info) {
  napi_value argv[2];
  int ns_fd, protocol;
  const char *failed;
  if (!js_args(env, info, 2, argv) || !js_int(env, argv[0], &ns_fd) || !js_int(env, argv[1], &protocol)) return NULL;
  int fd = netlink_open_in(ns_fd, protocol, &failed);
  if (fd < 0) return js_throw_errno(env, failed, NULL);
  return js_from_int(env, fd);
}

static napi_value netlink_subscribe(napi_env env, napi_callback_info info) {
  napi_value argv[2];
  int fd, group;
  if (!js_args(env, info, 2, argv) || !js_int(env, argv[0], &fd) || !js_int(env, argv[1], &group)) return NULL;
  if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) != 0) return js_throw_errno(env, "setsockopt", NULL);
  return js_undefined(env);
}

typedef struct {
  job job;
  exchange exchange;
  int timeout_ms;
} transaction;

int64_t netlink_now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Returns 0 when the socket is readable, -1 with errno at the deadline. */
int netlink_wait_readable(int fd, int64_t deadline) {
  for (;;) {
    int64_t left = deadline - netlink_now_ms();
    struct pollfd p = {.fd = fd, .events = POLLIN};
    int ready = poll(&p, 1, left > 0 ? (int)left : 0);
    if (ready > 0) return 0;
    if (ready == 0) {
      errno = ETIMEDOUT;
      return -1;
    }
    if (errno != EINTR) return -1;
  }
}

static int reserve(exchange *t, size_t more) {
  if (t->capacity - t->length >= more) return 0;
  size_t capacity = 2 * t->capacity > t->length + more ? 2 * t->capacity : t->length + more;
  uint8_t *grown = realloc(t->replies, capacity);
  if (grown == NULL) return -1;
  t->replies = grown;
  t->capacity = capacity;
  return 0;
}

/*
 * Counts the messages that end an answer in the datagram at t->length and appends the datagram, padded so that the next one is aligned.
 * Returns -1 with EBADMSG when the headers do not add up: what JavaScript gets is always a whole row of messages.
 */
static int take_datagram(exchange *t, size_t size) {
  size_t at = 0;
  while (at < size) {
    struct nlmsghdr header;
    if (size - at < sizeof header) return errno = EBADMSG, -1;
    memcpy(&header, t->replies + t->length + at, sizeof header);
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > size - at) return errno = EBADMSG, -1;
    if (header.nlmsg_type == NLMSG_ERROR) {
      int error;
      if (header.nlmsg_len < sizeof header + sizeof error) return errno = EBADMSG, -1;
      memcpy(&error, t->replies + t->length + at + sizeof header, sizeof error);
      if (error != 0) t->refused = true;
    }
    if (header.nlmsg_type == NLMSG_ERROR || header.nlmsg_type == NLMSG_DONE) t->answered++;
    at += NLMSG_ALIGN(header.nlmsg_len);
  }
  /* `at` passes `size` by the padding of the last message only; reserve() left room for it. */
  if (at > size) memset(t->replies + t->length + size, 0, at - size);
  t->length += at;
  return 0;
}

/* Takes one datagram. Returns 1, 0 when there is none, -1 with errno. */
static int receive(exchange *t) {
  ssize_t size = recv(t->fd, NULL, 0, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT);
  if (size < 0) return errno == EAGAIN || errno == EINTR ? 0 : -1;
  if (size == 0) return errno = ECONNRESET, -1;
  if (reserve(t, (size > DUMP_PIECE ? (size_t)size : DUMP_PIECE) + NLMSG_ALIGNTO) != 0) return -1;
  size = recv(t->fd, t->replies + t->length, t->capacity - t->length - NLMSG_ALIGNTO, MSG_DONTWAIT);
  if (size < 0) return errno == EAGAIN || errno == EINTR ? 0 : -1;
  return take_datagram(t, (size_t)size) != 0 ? -1 : 1;
}

int exchange_run(exchange *t, int64_t deadline, const char **failed) {
  ssize_t sent;
  *failed = "sendmsg";
  do sent = send(t->fd, t->request, t->request_length, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  if (sent < 0) return -1;
  *failed = "recvmsg";
  for (;;) {
    int got = receive(t);
    if (got > 0) continue;
    /*
     * The kernel answers inside sendmsg, so an empty socket with all answers is the end: none is left behind to confuse the next request.
     * After a refusal fewer may come than were asked (an nftables transaction that was not begun).
     */
    if (got == 0 && (t->answered >= t->expected || t->refused)) return 0;
    if (got < 0 || netlink_wait_readable(t->fd, deadline) != 0) return -1;
  }
}

bool exchange_take(napi_env env, exchange *t, napi_value bytes, napi_value expected) {
  uint8_t *request;
  if (!js_bytes(env, bytes, &request, &t->request_length) || !js_int(env, expected, &t->expected)) return false;
  /* A copy, because JavaScript may write into its Buffer while the pool thread sends. */
  t->request = malloc(t->request_length + 1);
  if (t->request == NULL) return js_throw_errno(env, "malloc", NULL), false;
  memcpy(t->request, request, t->request_length);
  return true;
}

napi_value exchange_replies(napi_env env, const exchange *t) {
  napi_value buffer = NULL;
  napi_create_buffer_copy(env, t->length, t->replies, NULL, &buffer);
  return buffer;
}

void exchange_free(exchange *t) {
  free(t->request);
  free(t->replies);
}

static void run(job *self) {
  transaction *t = (transaction *)self;
  const char *failed;
  if (exchange_run(&t->exchange, netlink_now_ms() + t->timeout_ms, &failed) != 0) job_fail(self, failed, NULL);
}

static napi_value replies_of(napi_env env, job *self) {
  return exchange_replies(env, &((transaction *)self)->exchange);
}

static void release(job *self) {
  exchange_free(&((transaction *)self)->exchange);
  free(self);
}

static napi_value netlink_transact(napi_env env, napi_callback_info info) {
  napi_value argv[4];
  transaction *t = calloc(1, sizeof *t);
  if (t == NULL) return js_throw_errno(env, "malloc", NULL);
  t->job = (job){.run = run, .value = replies_of, .release = release};
  if (!js_args(env, info, 4, argv) || !js_int(env, argv[0], &t->exchange.fd) || !exchange_take(env, &t->exchange, argv[1], argv[2]) ||
      !js_int(env, argv[3], &t->timeout_ms)) {
    release(&t->job);
    return NULL;
  }
  return job_start(env, &t->job, "netlinkTransact");
}

napi_value init_netlink(napi_env env, napi_value exports) {
  bool ok = js_export(env, exports, "netlinkOpen", netlink_open) && js_export(env, exports, "netlinkSubscribe", netlink_subscribe) &&
         js_export(env, exports, "netlinkTransact", netlink_transact);
  return ok ? exports : NULL;
}
