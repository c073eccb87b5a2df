/*
 * A blocking system call on a libuv pool thread, told to JavaScript as a Promise. A caller embeds `job` as the first member of its own
 * structure, allocates that with calloc and hands it to job_start, which owns it from then on.
 */
#ifndef NETLOOM_JOB_H
#define NETLOOM_JOB_H

#include <node_api.h>

typedef struct job job;

struct job {
  /* Pool thread: no JavaScript here. Reports failure through job_fail. */
  void (*run)(job *self);
  /* Loop thread, after success; NULL resolves with undefined. */
  napi_value (*value)(napi_env env, job *self);
  /* Loop thread, always last: frees the members, then the structure itself. */
  void (*release)(job *self);
  /* Set by job_fail; `syscall` must be a literal and `detail` live as long as the job. */
  int error;
  const char *syscall;
  const char *detail;
  napi_async_work work;
  napi_deferred deferred;
};

/* Keeps the current errno as the reason of the rejection. */
void job_fail(job *self, const char *syscall, const char *detail);

/* Returns the Promise, or NULL with an exception pending (the job is released then). */
napi_value job_start(napi_env env, job *self, const char *name);

#endif
