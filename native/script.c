/*
 * Several exchanges in several namespaces and the wait for what they bring about, in one go on one pool thread: the way to the pool and back
 * costs as much as a short exchange itself. Stops at the first exchange that is refused.
 */
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "job.h"
#include "js.h"
#include "netlink.h"
#include "parts.h"

#define MAX_STEPS 8
/* Far beyond what the kernel takes for anything. */
#define TIMEOUT_MS 30000

typedef struct {
  job job;
  uint32_t count;
  /* How many were answered, the refused one included. */
  uint32_t done;
  int ns_fds[MAX_STEPS];
  exchange steps[MAX_STEPS];
  /* The link in steps[0]'s namespace that must have all of `flags` in the end; index 0: none is waited for. */
  int index;
  int flags;
  int wait_ms;
  bool reached;
} script;

/* Has this datagram news of the link that is waited for? */
static void read_news(script *s, const uint8_t *bytes, size_t size) {
  size_t at = 0;
  while (size - at >= sizeof(struct nlmsghdr) + sizeof(struct ifinfomsg)) {
    struct nlmsghdr header;
    struct ifinfomsg link;
    memcpy(&header, bytes + at, sizeof header);
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > size - at) return;
    memcpy(&link, bytes + at + sizeof header, sizeof link);
    if (header.nlmsg_type == RTM_NEWLINK && header.nlmsg_len >= sizeof header + sizeof link && link.ifi_index == s->index &&
        ((int)link.ifi_flags & s->flags) == s->flags)
      s->reached = true;
    at += NLMSG_ALIGN(header.nlmsg_len);
    if (at > size) return;
  }
}

/* Not reaching it is no failure: who asked goes on waiting in another way. */
static void wait_for_link(script *s, int fd) {
  uint8_t bytes[8192];
  int64_t deadline = netlink_now_ms() + s->wait_ms;
  while (!s->reached && netlink_wait_readable(fd, deadline) == 0) {
    ssize_t size = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (size > 0) read_news(s, bytes, (size_t)size);
    else if (size < 0 && errno != EINTR && errno != EAGAIN) return;
  }
}

static bool run_step(script *s, uint32_t i) {
  const char *failed;
  exchange *step = &s->steps[i];
  step->fd = netlink_open_in(s->ns_fds[i], NETLINK_ROUTE, &failed);
  if (step->fd < 0) {
    job_fail(&s->job, failed, NULL);
    return false;
  }
  int result = exchange_run(step, netlink_now_ms() + TIMEOUT_MS, &failed);
  if (result != 0) job_fail(&s->job, failed, NULL);
  close(step->fd);
  if (result == 0) s->done = i + 1;
  return result == 0 && !step->refused;
}

static void run(job *self) {
  script *s = (script *)self;
  const char *failed;
  int news = -1;
  if (s->index > 0) {
    /* Before the first step: what they bring about must not be missed. */
    int group = RTNLGRP_LINK;
    news = netlink_open_in(s->ns_fds[0], NETLINK_ROUTE, &failed);
    if (news < 0) {
      job_fail(self, failed, NULL);
      return;
    }
    if (setsockopt(news, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) != 0) {
      job_fail(self, "setsockopt", NULL);
      close(news);
      return;
    }
  }
  bool well = true;
  for (uint32_t i = 0; well && i < s->count; i++) well = run_step(s, i);
  if (well && news >= 0) wait_for_link(s, news);
  if (news >= 0) close(news);
}

/* { answers: Buffer[], reached: boolean } */
static napi_value value(napi_env env, job *self) {
  script *s = (script *)self;
  napi_value result, answers, reached;
  if (napi_create_object(env, &result) != napi_ok || napi_create_array_with_length(env, s->done, &answers) != napi_ok) return NULL;
  for (uint32_t i = 0; i < s->done; i++) {
    napi_value bytes = exchange_replies(env, &s->steps[i]);
    if (bytes == NULL || napi_set_element(env, answers, i, bytes) != napi_ok) return NULL;
  }
  napi_get_boolean(env, s->reached, &reached);
  napi_set_named_property(env, result, "answers", answers);
  napi_set_named_property(env, result, "reached", reached);
  return result;
}

static void release(job *self) {
  script *s = (script *)self;
  for (uint32_t i = 0; i < MAX_STEPS; i++) exchange_free(&s->steps[i]);
  free(s);
}

/* Reads one step: [nsFd, request, expectedReplies]. */
static bool take_step(napi_env env, script *s, uint32_t i, napi_value step) {
  napi_value parts[3];
  for (uint32_t n = 0; n < 3; n++)
    if (napi_get_element(env, step, n, &parts[n]) != napi_ok) return false;
  return js_int(env, parts[0], &s->ns_fds[i]) && exchange_take(env, &s->steps[i], parts[1], parts[2]);
}

/* netlinkScript(steps, index, flags, waitMs) */
static napi_value netlink_script(napi_env env, napi_callback_info info) {
  napi_value argv[4];
  script *s = calloc(1, sizeof *s);
  if (s == NULL) return js_throw_errno(env, "malloc", NULL);
  s->job = (job){.run = run, .value = value, .release = release};
  bool ok = js_args(env, info, 4, argv) && js_int(env, argv[1], &s->index) && js_int(env, argv[2], &s->flags) && js_int(env, argv[3], &s->wait_ms);
  if (ok && (napi_get_array_length(env, argv[0], &s->count) != napi_ok || s->count > MAX_STEPS)) {
    napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", "netlinkScript: steps must be an array of at most 8");
    ok = false;
  }
  for (uint32_t i = 0; ok && i < s->count; i++) {
    napi_value step;
    ok = napi_get_element(env, argv[0], i, &step) == napi_ok && take_step(env, s, i, step);
  }
  if (!ok) {
    release(&s->job);
    return NULL;
  }
  return job_start(env, &s->job, "netlinkScript");
}

napi_value init_script(napi_env env, napi_value exports) {
  return js_export(env, exports, "netlinkScript", netlink_script) ? exports : NULL;
}
