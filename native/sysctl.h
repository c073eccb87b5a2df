/* Files below /proc/sys: those of the network show the namespace of the thread that opens them. */
#ifndef NETLOOM_SYSCTL_H
#define NETLOOM_SYSCTL_H

/* Writes a value; `key` is the path below /proc/sys. Returns 0, or -1 with errno. */
int sysctl_write(const char *key, const char *value);

#endif
