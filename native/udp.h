/* Batches of datagrams for a server in JavaScript. */
#ifndef NETLOOM_UDP_H
#define NETLOOM_UDP_H

#include <node_api.h>

/* Adds udpBatch, udpServe, udpStop, udpSend and netnsOf; returns `exports`, or NULL when an exception is pending. */
napi_value init_udp(napi_env env, napi_value exports);

#endif
