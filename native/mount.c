/* mount(2) and umount2(2) on a pool thread: an overlay of many layers may wait for a disk. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "job.h"
#include "js.h"
#include "parts.h"

typedef struct {
  job job;
  char *source, *target, *type, *data;
  int flags;
} mount_job;

/* The kernel takes one page of options with its NUL, and cuts off the rest without a word. */
#define OPTIONS_MAX 4095

static void run_mount(job *self) {
  mount_job *m = (mount_job *)self;
  if (m->data != NULL && strlen(m->data) > OPTIONS_MAX) {
    errno = E2BIG;
    job_fail(self, "mount", m->target);
    return;
  }
  if (mount(m->source, m->target, m->type, (unsigned long)m->flags, m->data) != 0) job_fail(self, "mount", m->target);
}

static void run_umount(job *self) {
  mount_job *m = (mount_job *)self;
  if (umount2(m->target, m->flags) != 0) job_fail(self, "umount", m->target);
}

static void release(job *self) {
  mount_job *m = (mount_job *)self;
  free(m->source);
  free(m->target);
  free(m->type);
  free(m->data);
  free(m);
}

static mount_job *new_job(napi_env env, void (*run)(job *), napi_value target, napi_value flags) {
  mount_job *m = calloc(1, sizeof *m);
  if (m == NULL) return js_throw_errno(env, "malloc", NULL), NULL;
  m->job.run = run;
  m->job.release = release;
  if ((m->target = js_string(env, target)) != NULL && js_int(env, flags, &m->flags)) return m;
  release(&m->job);
  return NULL;
}

static napi_value mount_on_pool(napi_env env, napi_callback_info info) {
  napi_value argv[5];
  if (!js_args(env, info, 5, argv)) return NULL;
  mount_job *m = new_job(env, run_mount, argv[1], argv[3]);
  if (m == NULL) return NULL;
  if (!js_optional_string(env, argv[0], &m->source) || !js_optional_string(env, argv[2], &m->type) ||
      !js_optional_string(env, argv[4], &m->data)) {
    return release(&m->job), NULL;
  }
  return job_start(env, &m->job, "mount");
}

static napi_value umount_on_pool(napi_env env, napi_callback_info info) {
  napi_value argv[2];
  if (!js_args(env, info, 2, argv)) return NULL;
  mount_job *m = new_job(env, run_umount, argv[0], argv[1]);
  return m == NULL ? NULL : job_start(env, &m->job, "umount");
}

napi_value init_mount(napi_env env, napi_value exports) {
  bool ok = js_export(env, exports, "mount", mount_on_pool) && js_export(env, exports, "umount", umount_on_pool);
  return ok ? exports : NULL;
}
