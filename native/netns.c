#include "netns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "job.h"
#include "js.h"
#include "parts.h"
#include "sysctl.h"

int netns_enter(int ns_fd, int *home) {
  *home = -1;
  if (ns_fd < 0) return 0;
  int own = open(OWN_NETNS, O_RDONLY | O_CLOEXEC);
  if (own < 0) return -1;
  if (setns(ns_fd, CLONE_NEWNET) != 0) {
    int error = errno;
    close(own);
    errno = error;
    return -1;
  }
  *home = own;
  return 0;
}

void netns_leave(int home) {
  int error = errno;
  if (home < 0) return;
  if (setns(home, CLONE_NEWNET) != 0) abort();
  close(home);
  errno = error;
}

typedef struct {
  job job;
  char *source; /* netnsBind only */
  char *path;
  uint32_t sysctl_count;
  char **sysctls; /* key, value, key, value, ... */
} pin;

static void release(job *self) {
  pin *p = (pin *)self;
  for (uint32_t i = 0; p->sysctls != NULL && i < 2 * p->sysctl_count; i++) free(p->sysctls[i]);
  free(p->sysctls);
  free(p->source);
  free(p->path);
  free(p);
}

/* The file that a namespace is mounted on; O_EXCL so that two owners of one path cannot both believe they made it. */
static int make_file(pin *p) {
  int fd = open(p->path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
  if (fd < 0) {
    job_fail(&p->job, "open", p->path);
    return -1;
  }
  close(fd);
  return 0;
}

/* In the new namespace: settings first, then the pin, so that nobody sees the path before it is ready. */
static void furnish_and_pin(pin *p) {
  for (uint32_t i = 0; i < p->sysctl_count; i++) {
    if (sysctl_write(p->sysctls[2 * i], p->sysctls[2 * i + 1]) != 0) {
      job_fail(&p->job, "sysctl", p->sysctls[2 * i]);
      return;
    }
  }
  if (mount(OWN_NETNS, p->path, NULL, MS_BIND, NULL) != 0) job_fail(&p->job, "mount", p->path);
}

static void run_create(job *self) {
  pin *p = (pin *)self;
  if (make_file(p) != 0) return;
  int home = open(OWN_NETNS, O_RDONLY | O_CLOEXEC);
  if (home < 0) {
    job_fail(self, "open", OWN_NETNS);
  } else if (unshare(CLONE_NEWNET) != 0) {
    job_fail(self, "unshare", NULL);
    close(home);
  } else {
    furnish_and_pin(p);
    netns_leave(home);
  }
  if (self->error != 0) unlink(p->path);
}

static void run_bind(job *self) {
  pin *p = (pin *)self;
  if (make_file(p) != 0) return;
  if (mount(p->source, p->path, NULL, MS_BIND, NULL) == 0) return;
  job_fail(self, "mount", p->source);
  unlink(p->path);
}

static void run_unbind(job *self) {
  pin *p = (pin *)self;
  /* EINVAL: the file is there but nothing is mounted on it, as after a reboot. */
  if (umount2(p->path, MNT_DETACH | UMOUNT_NOFOLLOW) != 0 && errno != ENOENT && errno != EINVAL) {
    job_fail(self, "umount", p->path);
    return;
  }
  if (unlink(p->path) != 0 && errno != ENOENT) job_fail(self, "unlink", p->path);
}

/* [[key, value], ...] into p->sysctls. */
static bool read_sysctls(napi_env env, napi_value list, pin *p) {
  uint32_t count;
  if (napi_get_array_length(env, list, &count) != napi_ok) {
    napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", "expected an array of [key, value]");
    return false;
  }
  p->sysctls = calloc(2 * (size_t)count + 1, sizeof *p->sysctls);
  if (p->sysctls == NULL) return js_throw_errno(env, "malloc", NULL), false;
  p->sysctl_count = count;
  for (uint32_t i = 0; i < 2 * count; i++) {
    napi_value pair, text;
    if (napi_get_element(env, list, i / 2, &pair) != napi_ok || napi_get_element(env, pair, i % 2, &text) != napi_ok) {
      napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", "expected an array of [key, value]");
      return false;
    }
    p->sysctls[i] = js_string(env, text);
    if (p->sysctls[i] == NULL) return false;
  }
  return true;
}

static pin *new_pin(napi_env env, void (*run)(job *), napi_value path) {
  pin *p = calloc(1, sizeof *p);
  if (p == NULL) return js_throw_errno(env, "malloc", NULL), NULL;
  p->job.run = run;
  p->job.release = release;
  p->path = js_string(env, path);
  if (p->path != NULL) return p;
  release(&p->job);
  return NULL;
}

static napi_value netns_create(napi_env env, napi_callback_info info) {
  napi_value argv[2];
  if (!js_args(env, info, 2, argv)) return NULL;
  pin *p = new_pin(env, run_create, argv[0]);
  if (p == NULL) return NULL;
  if (!read_sysctls(env, argv[1], p)) return release(&p->job), NULL;
  return job_start(env, &p->job, "netnsCreate");
}

static napi_value netns_bind(napi_env env, napi_callback_info info) {
  napi_value argv[2];
  if (!js_args(env, info, 2, argv)) return NULL;
  pin *p = new_pin(env, run_bind, argv[1]);
  if (p == NULL) return NULL;
  p->source = js_string(env, argv[0]);
  if (p->source == NULL) return release(&p->job), NULL;
  return job_start(env, &p->job, "netnsBind");
}

static napi_value netns_unbind(napi_env env, napi_callback_info info) {
  napi_value argv[1];
  if (!js_args(env, info, 1, argv)) return NULL;
  pin *p = new_pin(env, run_unbind, argv[0]);
  return p == NULL ? NULL : job_start(env, &p->job, "netnsUnbind");
}

static napi_value open_ns(napi_env env, napi_callback_info info) {
  napi_value argv[1];
  if (!js_args(env, info, 1, argv)) return NULL;
  char *path = js_string(env, argv[0]);
  if (path == NULL) return NULL;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  napi_value result = fd < 0 ? js_throw_errno(env, "open", path) : js_from_int(env, fd);
  free(path);
  return result;
}

napi_value init_netns(napi_env env, napi_value exports) {
  bool ok = js_export(env, exports, "netnsCreate", netns_create) && js_export(env, exports, "netnsBind", netns_bind) &&
         js_export(env, exports, "netnsUnbind", netns_unbind) && js_export(env, exports, "openNs", open_ns);
  return ok ? exports : NULL;
}
