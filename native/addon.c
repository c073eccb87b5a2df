/* The addon: mechanism only. What to do with it is decided in TypeScript. Nothing here is global, so worker threads may load it too. */
#include <node_api.h>

#include "parts.h"
#if __has_include("udp.h")
#include "udp.h"
#define HAS_UDP 1
#else
#define HAS_UDP 0
#endif

static napi_value (*const parts[])(napi_env env, napi_value exports) = {
  init_netlink, init_script, init_netns, init_sysctl, init_socket, init_seqpacket, init_poll, init_mount,
#if HAS_UDP
  init_udp,
#endif
};

NAPI_MODULE_INIT() {
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    if (parts[i](env, exports) == NULL) return NULL;
  }
  return exports;
}
