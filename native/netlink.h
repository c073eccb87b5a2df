/* One exchange over a netlink socket, for whoever is on a pool thread already. */
#ifndef NETLOOM_NETLINK_H
#define NETLOOM_NETLINK_H

#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
  int fd;
  /* How many NLMSG_ERROR or NLMSG_DONE end it, and how many came. */
  int expected;
  int answered;
  /* One of the answers was an errno. */
  bool refused;
  uint8_t *request;
  size_t request_length;
  uint8_t *replies;
  size_t length;
  size_t capacity;
} exchange;

/* A netlink socket in a namespace (-1: here), set up as all of ours are. Returns -1 with errno, and in `failed` the call. */
int netlink_open_in(int ns_fd, int protocol, const char **failed);
/* Loop thread: copies the request. False with an exception pending. */
bool exchange_take(napi_env env, exchange *t, napi_value bytes, napi_value expected);
/* Pool thread: sends and takes all answers. Returns -1 with errno, and in `failed` the call. */
int exchange_run(exchange *t, int64_t deadline, const char **failed);
/* Loop thread: what came, a whole row of messages. */
napi_value exchange_replies(napi_env env, const exchange *t);
/* What it holds, without the structure and the socket. */
void exchange_free(exchange *t);

int64_t netlink_now_ms(void);
/* Returns 0 when the socket is readable, -1 with errno at the deadline. */
int netlink_wait_readable(int fd, int64_t deadline);

#endif
