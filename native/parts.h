/* What each file adds to the addon. Every function returns `exports`, or NULL when an exception is pending. */
#ifndef NETLOOM_PARTS_H
#define NETLOOM_PARTS_H

#include <node_api.h>

napi_value init_netlink(napi_env env, napi_value exports);
napi_value init_script(napi_env env, napi_value exports);
napi_value init_netns(napi_env env, napi_value exports);
napi_value init_sysctl(napi_env env, napi_value exports);
napi_value init_socket(napi_env env, napi_value exports);
napi_value init_seqpacket(napi_env env, napi_value exports);
napi_value init_poll(napi_env env, napi_value exports);
napi_value init_mount(napi_env env, napi_value exports);

#endif
