/* Unix sockets that keep message boundaries: how a container's streams are reached. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "js.h"
#include "parts.h"

/*
 * Fills `address` with `path`. One that is too long for sun_path (107 bytes) is reached through its opened parent folder, which the
 * caller closes after connect. Returns the folder's fd or -1; errno is 0 when that is no error.
 */
static int make_address(struct sockaddr_un *address, const char *path) {
  *address = (struct sockaddr_un){.sun_family = AF_UNIX};
  errno = 0;
  if (strlen(path) < sizeof address->sun_path) {
    strcpy(address->sun_path, path);
    return -1;
  }
  const char *slash = strrchr(path, '/');
  if (slash == NULL) return errno = ENAMETOOLONG, -1;
  char *parent = strndup(path, (size_t)(slash - path) + 1);
  if (parent == NULL) return -1;
  int folder = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
  free(parent);
  if (folder < 0) return -1;
  int length = snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d/%s", folder, slash + 1);
  if ((size_t)length < sizeof address->sun_path) return errno = 0, folder;
  close(folder);
  return errno = ENAMETOOLONG, -1;
}

static napi_value connect_path(napi_env env, const char *path) {
  struct sockaddr_un address;
  int folder = make_address(&address, path);
  if (folder < 0 && errno != 0) return js_throw_errno(env, "connect", path);
  napi_value result;
  int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) {
    result = js_throw_errno(env, "socket", path);
  } else if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
    result = js_throw_errno(env, "connect", path);
    close(fd);
  } else {
    result = js_from_int(env, fd);
  }
  if (folder >= 0) close(folder);
  return result;
}

static napi_value connect_seqpacket(napi_env env, napi_callback_info info) {
  napi_value argv[1];
  if (!js_args(env, info, 1, argv)) return NULL;
  char *path = js_string(env, argv[0]);
  if (path == NULL) return NULL;
  napi_value result = connect_path(env, path);
  free(path);
  return result;
}

static napi_value send_seqpacket(napi_env env, napi_callback_info info) {
  napi_value argv[2], result = NULL;
  int fd;
  uint8_t *data;
  size_t length;
  ssize_t sent;
  if (!js_args(env, info, 2, argv) || !js_int(env, argv[0], &fd) || !js_bytes(env, argv[1], &data, &length)) return NULL;
  do sent = send(fd, data, length, MSG_DONTWAIT | MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  if (sent < 0 && errno != EAGAIN) return js_throw_errno(env, "send", NULL);
  napi_get_boolean(env, sent >= 0, &result);
  return result;
}

static napi_value shutdown_write(napi_env env, napi_callback_info info) {
  napi_value argv[1];
  int fd;
  if (!js_args(env, info, 1, argv) || !js_int(env, argv[0], &fd)) return NULL;
  return shutdown(fd, SHUT_WR) != 0 ? js_throw_errno(env, "shutdown", NULL) : js_undefined(env);
}

napi_value init_seqpacket(napi_env env, napi_value exports) {
  bool ok = js_export(env, exports, "connectSeqpacket", connect_seqpacket) && js_export(env, exports, "sendSeqpacket", send_seqpacket) &&
         js_export(env, exports, "shutdownWrite", shutdown_write);
  return ok ? exports : NULL;
}
