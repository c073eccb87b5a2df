/* Sockets of IP and packet families, made in a namespace and handed to Node as file descriptors. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "js.h"
#include "netns.h"
#include "parts.h"

static napi_value socket_in(napi_env env, napi_callback_info info) {
  napi_value argv[4];
  int ns_fd, domain, type, protocol, home;
  if (!js_args(env, info, 4, argv) || !js_int(env, argv[0], &ns_fd) || !js_int(env, argv[1], &domain) || !js_int(env, argv[2], &type) ||
      !js_int(env, argv[3], &protocol)) {
    return NULL;
  }
  if (netns_enter(ns_fd, &home) != 0) return js_throw_errno(env, "setns", NULL);
  int fd = socket(domain, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
  netns_leave(home);
  return fd < 0 ? js_throw_errno(env, "socket", NULL) : js_from_int(env, fd);
}

/* 4 or 16 bytes in network order, and a port, as a socket address. Returns its length, 0 for other lengths. */
static socklen_t make_address(struct sockaddr_storage *out, const uint8_t *ip, size_t length, uint16_t port) {
  memset(out, 0, sizeof *out);
  if (length == 4) {
    struct sockaddr_in *in = (struct sockaddr_in *)out;
    in->sin_family = AF_INET;
    in->sin_port = htons(port);
    memcpy(&in->sin_addr, ip, 4);
    return sizeof *in;
  }
  if (length == 16) {
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(port);
    memcpy(&in6->sin6_addr, ip, 16);
    return sizeof *in6;
  }
  return 0;
}

static napi_value bind_socket(napi_env env, napi_callback_info info) {
  napi_value argv[4];
  int fd, port, on = 1;
  uint8_t *ip;
  size_t length;
  bool reuse, v6only, freebind;
  struct sockaddr_storage address;
  if (!js_args(env, info, 4, argv) || !js_int(env, argv[0], &fd) || !js_bytes(env, argv[1], &ip, &length) || !js_int(env, argv[2], &port) ||
      !js_flag(env, argv[3], "reuseAddr", &reuse) || !js_flag(env, argv[3], "v6only", &v6only) ||
      !js_flag(env, argv[3], "freebind", &freebind)) {
    return NULL;
  }
  socklen_t size = make_address(&address, ip, length, (uint16_t)port);
  if (size == 0 || port < 0 || port > 65535) return errno = EINVAL, js_throw_errno(env, "bind", NULL);
  if ((reuse && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) ||
      (v6only && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0) ||
      (freebind && setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &on, sizeof on) != 0)) {
    return js_throw_errno(env, "setsockopt", NULL);
  }
  if (bind(fd, (struct sockaddr *)&address, size) != 0) return js_throw_errno(env, "bind", NULL);
  return js_undefined(env);
}

static napi_value listen_socket(napi_env env, napi_callback_info info) {
  napi_value argv[2];
  int fd, backlog;
  if (!js_args(env, info, 2, argv) || !js_int(env, argv[0], &fd) || !js_int(env, argv[1], &backlog)) return NULL;
  return listen(fd, backlog) != 0 ? js_throw_errno(env, "listen", NULL) : js_undefined(env);
}

/* A socket filter of one instruction, `ret 0`: nothing is ever received, no handshake is answered. */
static napi_value drop_all(napi_env env, napi_callback_info info) {
  napi_value argv[1];
  int fd;
  struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
  struct sock_fprog program = {.len = 1, .filter = &nothing};
  if (!js_args(env, info, 1, argv) || !js_int(env, argv[0], &fd)) return NULL;
  if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0) return js_throw_errno(env, "setsockopt", NULL);
  return js_undefined(env);
}

static napi_value local_port(napi_env env, napi_callback_info info) {
  napi_value argv[1];
  int fd;
  struct sockaddr_storage address;
  socklen_t size = sizeof address;
  if (!js_args(env, info, 1, argv) || !js_int(env, argv[0], &fd)) return NULL;
  if (getsockname(fd, (struct sockaddr *)&address, &size) != 0) return js_throw_errno(env, "getsockname", NULL);
  if (address.ss_family == AF_INET) return js_from_int(env, ntohs(((struct sockaddr_in *)&address)->sin_port));
  if (address.ss_family == AF_INET6) return js_from_int(env, ntohs(((struct sockaddr_in6 *)&address)->sin6_port));
  return errno = EAFNOSUPPORT, js_throw_errno(env, "getsockname", NULL);
}

static napi_value close_fd(napi_env env, napi_callback_info info) {
  napi_value argv[1];
  int fd;
  if (!js_args(env, info, 1, argv) || !js_int(env, argv[0], &fd)) return NULL;
  /* EINTR too has closed it [close(2)]: a second try could close somebody else's. */
  if (close(fd) != 0 && errno != EINTR) return js_throw_errno(env, "close", NULL);
  return js_undefined(env);
}

napi_value init_socket(napi_env env, napi_value exports) {
  bool ok = js_export(env, exports, "socketIn", socket_in) && js_export(env, exports, "bindSocket", bind_socket) &&
         js_export(env, exports, "listen", listen_socket) && js_export(env, exports, "dropAll", drop_all) &&
         js_export(env, exports, "localPort", local_port) && js_export(env, exports, "closeFd", close_fd);
  return ok ? exports : NULL;
}
