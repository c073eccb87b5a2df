/* Being in another network namespace for the length of a few system calls, on one thread. */
#ifndef NETLOOM_NETNS_H
#define NETLOOM_NETNS_H

/* The calling thread's own namespace: /proc/self would be the main thread's. */
#define OWN_NETNS "/proc/thread-self/ns/net"

/* Moves this thread into `ns_fd` (-1: stays here). Returns 0, or -1 with errno; `home` is for netns_leave. */
int netns_enter(int ns_fd, int *home);

/* Moves this thread back and keeps errno. Aborts when it cannot: a thread in the wrong namespace would serve the wrong network. */
void netns_leave(int home);

#endif
