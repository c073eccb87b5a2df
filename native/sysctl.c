#include "sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "job.h"
#include "js.h"
#include "netns.h"
#include "parts.h"

/* One page: no sysctl of the kernel shows more. */
#define VALUE_MAX 4096

static int open_key(const char *key, int flags) {
  char path[4096];
  if ((size_t)snprintf(path, sizeof path, "/proc/sys/%s", key) >= sizeof path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  return open(path, flags | O_CLOEXEC);
}

int sysctl_write(const char *key, const char *value) {
  int fd = open_key(key, O_WRONLY);
  if (fd < 0) return -1;
  ssize_t written = write(fd, value, strlen(value));
  int error = errno;
  close(fd);
  errno = error;
  return written < 0 ? -1 : 0;
}

static ssize_t sysctl_read(const char *key, char *value, size_t size) {
  int fd = open_key(key, O_RDONLY);
  if (fd < 0) return -1;
  ssize_t length = read(fd, value, size);
  int error = errno;
  close(fd);
  errno = error;
  return length;
}

typedef struct {
  job job;
  int ns_fd;
  char *key;
  char *value; /* NULL: read */
  char read[VALUE_MAX];
  ssize_t length;
} sysctl_job;

static void run(job *self) {
  sysctl_job *s = (sysctl_job *)self;
  int home;
  if (netns_enter(s->ns_fd, &home) != 0) {
    job_fail(self, "setns", NULL);
    return;
  }
  if (s->value != NULL) {
    if (sysctl_write(s->key, s->value) != 0) job_fail(self, "sysctl", s->key);
  } else {
    s->length = sysctl_read(s->key, s->read, sizeof s->read);
    if (s->length < 0) job_fail(self, "sysctl", s->key);
  }
  netns_leave(home);
}

static napi_value value_of(napi_env env, job *self) {
  sysctl_job *s = (sysctl_job *)self;
  size_t length = s->value != NULL ? strlen(s->value) : (size_t)s->length;
  napi_value text = NULL;
  napi_create_string_utf8(env, s->value != NULL ? s->value : s->read, length, &text);
  return text;
}

static void release(job *self) {
  sysctl_job *s = (sysctl_job *)self;
  free(s->key);
  free(s->value);
  free(s);
}

static napi_value sysctl_in(napi_env env, napi_callback_info info) {
  napi_value argv[3];
  if (!js_args(env, info, 3, argv)) return NULL;
  sysctl_job *s = calloc(1, sizeof *s);
  if (s == NULL) return js_throw_errno(env, "malloc", NULL);
  s->job.run = run;
  s->job.value = value_of;
  s->job.release = release;
  if (!js_int(env, argv[0], &s->ns_fd) || (s->key = js_string(env, argv[1])) == NULL || !js_optional_string(env, argv[2], &s->value)) {
    release(&s->job);
    return NULL;
  }
  return job_start(env, &s->job, "sysctlIn");
}

napi_value init_sysctl(napi_env env, napi_value exports) {
  bool ok = js_export(env, exports, "sysctlIn", sysctl_in);
  return ok ? exports : NULL;
}
