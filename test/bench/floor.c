/*
 * The floor of an attach: what the kernel itself takes for a container's leg on a bridge, with nothing around it.
 *
 * floor FOLDER BRIDGE reads commands from stdin and answers each with one line on stdout:
 *   attach NAME ADDRESS/PREFIX GATEWAY   a network namespace pinned at FOLDER/NAME, a veth pair with its end there, address, route, and
 *                                        the wait until the host's end is operational; answers with microseconds: in all, and without the namespace
 *   detach NAME                          the host's end down and out of the bridge, the namespace unpinned; answers with microseconds
 *
 * The same steps in the same order as netloomd's: unshare + bind mount, one RTM_NEWLINK with the peer born inside, one batch inside
 * (lo up, address, link up, route), RTM_NEWLINK events for operstate.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_BATCH 4096
#define OPERSTATE_DEADLINE_MS 5000

struct batch {
  size_t length;
  int messages;
  _Alignas(NLMSG_ALIGNTO) char bytes[MAX_BATCH];
};

static void die(const char *format, ...) {
  va_list arguments;
  int error = errno;
  va_start(arguments, format);
  fputs("floor: ", stderr);
  vfprintf(stderr, format, arguments);
  fprintf(stderr, ": %s\n", strerror(error));
  exit(1);
}

static double now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void *reserve(struct batch *b, size_t size) {
  size_t aligned = NLMSG_ALIGN(size);
  if (b->length + aligned > MAX_BATCH) {
    errno = ENOBUFS;
    die("batch");
  }
  void *place = b->bytes + b->length;
  memset(place, 0, aligned);
  b->length += aligned;
  return place;
}

static struct nlmsghdr *begin(struct batch *b, int type, int flags, const void *body, size_t size) {
  struct nlmsghdr *header = reserve(b, NLMSG_HDRLEN);
  header->nlmsg_type = (unsigned short)type;
  header->nlmsg_flags = (unsigned short)(NLM_F_REQUEST | NLM_F_ACK | flags);
  header->nlmsg_seq = (unsigned)++b->messages;
  memcpy(reserve(b, size), body, size);
  return header;
}

static void end(struct batch *b, struct nlmsghdr *header) { header->nlmsg_len = (unsigned)(b->bytes + b->length - (char *)header); }

static struct rtattr *nest(struct batch *b, int type) {
  struct rtattr *attribute = reserve(b, RTA_LENGTH(0));
  attribute->rta_type = (unsigned short)type;
  return attribute;
}

static void close_nest(struct batch *b, struct rtattr *attribute) {
  attribute->rta_len = (unsigned short)(b->bytes + b->length - (char *)attribute);
}

static void add(struct batch *b, int type, const void *value, size_t size) {
  struct rtattr *attribute = reserve(b, RTA_LENGTH(size));
  attribute->rta_type = (unsigned short)type;
  attribute->rta_len = (unsigned short)RTA_LENGTH(size);
  memcpy(RTA_DATA(attribute), value, size);
}

static void add_text(struct batch *b, int type, const char *text) { add(b, type, text, strlen(text) + 1); }

/* A socket for events gets room: with 1000 ports on a bridge the kernel tells a lot at once. */
static int open_netlink(unsigned groups) {
  struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = groups};
  int room = 16 << 20;
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0) die("netlink socket");
  if (groups != 0 && setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) < 0) die("receive buffer");
  return fd;
}

/* Sends the batch and reads one acknowledgement for each of its messages. */
static void exchange(int fd, struct batch *b, const char *what) {
  _Alignas(NLMSG_ALIGNTO) char answer[16384];
  if (send(fd, b->bytes, b->length, 0) < 0) die("%s: send", what);
  for (int acknowledged = 0; acknowledged < b->messages;) {
    ssize_t got = recv(fd, answer, sizeof answer, 0);
    if (got < 0) die("%s: receive", what);
    unsigned left = (unsigned)got;
    for (struct nlmsghdr *h = (struct nlmsghdr *)answer; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left)) {
      if (h->nlmsg_type != NLMSG_ERROR) continue;
      int error = ((struct nlmsgerr *)NLMSG_DATA(h))->error;
      acknowledged++;
      if (error == 0) continue;
      errno = -error;
      die("%s: message %u", what, h->nlmsg_seq);
    }
  }
}

/* ip link show NAME: its index. */
static int link_index(int fd, const char *name) {
  struct batch b = {0};
  struct ifinfomsg info = {.ifi_family = AF_UNSPEC};
  _Alignas(NLMSG_ALIGNTO) char answer[16384];
  struct nlmsghdr *h = begin(&b, RTM_GETLINK, 0, &info, sizeof info);
  h->nlmsg_flags = NLM_F_REQUEST;
  add_text(&b, IFLA_IFNAME, name);
  end(&b, h);
  if (send(fd, b.bytes, b.length, 0) < 0 || recv(fd, answer, sizeof answer, 0) < 0) die("link %s", name);
  h = (struct nlmsghdr *)answer;
  if (h->nlmsg_type == NLMSG_ERROR) {
    errno = -((struct nlmsgerr *)NLMSG_DATA(h))->error;
    die("link %s", name);
  }
  return ((struct ifinfomsg *)NLMSG_DATA(h))->ifi_index;
}

/* ip link add HOST up mtu 1500 master BRIDGE type veth peer name eth0 netns FD */
static void add_veth(int fd, const char *host, int bridge, int netns) {
  struct batch b = {0};
  struct ifinfomsg up = {.ifi_flags = IFF_UP, .ifi_change = IFF_UP}, plain = {0};
  unsigned mtu = 1500;
  struct nlmsghdr *h = begin(&b, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &up, sizeof up);
  add_text(&b, IFLA_IFNAME, host);
  add(&b, IFLA_MTU, &mtu, sizeof mtu);
  add(&b, IFLA_MASTER, &bridge, sizeof bridge);
  struct rtattr *info = nest(&b, IFLA_LINKINFO);
  add_text(&b, IFLA_INFO_KIND, "veth");
  struct rtattr *data = nest(&b, IFLA_INFO_DATA);
  struct rtattr *peer = nest(&b, VETH_INFO_PEER);
  memcpy(reserve(&b, sizeof plain), &plain, sizeof plain);
  add_text(&b, IFLA_IFNAME, "eth0");
  add(&b, IFLA_MTU, &mtu, sizeof mtu);
  add(&b, IFLA_NET_NS_FD, &netns, sizeof netns);
  close_nest(&b, peer);
  close_nest(&b, data);
  close_nest(&b, info);
  end(&b, h);
  exchange(fd, &b, "veth");
}

static void set_link(struct batch *b, int index, unsigned flags, unsigned change, int master) {
  struct ifinfomsg info = {.ifi_index = index, .ifi_flags = flags, .ifi_change = change};
  struct nlmsghdr *h = begin(b, RTM_NEWLINK, 0, &info, sizeof info);
  if (master >= 0) add(b, IFLA_MASTER, &master, sizeof master);
  end(b, h);
}

/* ip link set lo up; ip address add ADDRESS/PREFIX dev eth0; ip link set eth0 up; ip route add default via GATEWAY: one datagram. */
static void furnish(int fd, int index, const char *address, unsigned char prefix, const char *gateway) {
  struct batch b = {0};
  struct in_addr own, via;
  if (inet_pton(AF_INET, address, &own) != 1 || inet_pton(AF_INET, gateway, &via) != 1) {
    errno = EINVAL;
    die("address %s, gateway %s", address, gateway);
  }
  struct in_addr broadcast = {.s_addr = own.s_addr | htonl(prefix == 0 ? ~0u : (1u << (32 - prefix)) - 1)};
  set_link(&b, 1, IFF_UP, IFF_UP, -1);
  struct ifaddrmsg at = {.ifa_family = AF_INET, .ifa_prefixlen = prefix, .ifa_index = (unsigned)index};
  struct nlmsghdr *h = begin(&b, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &at, sizeof at);
  add(&b, IFA_LOCAL, &own, sizeof own);
  add(&b, IFA_ADDRESS, &own, sizeof own);
  add(&b, IFA_BROADCAST, &broadcast, sizeof broadcast);
  end(&b, h);
  set_link(&b, index, IFF_UP, IFF_UP, -1);
  struct rtmsg route = {.rtm_family = AF_INET, .rtm_table = RT_TABLE_MAIN, .rtm_protocol = RTPROT_STATIC, .rtm_type = RTN_UNICAST};
  h = begin(&b, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &route, sizeof route);
  add(&b, RTA_GATEWAY, &via, sizeof via);
  add(&b, RTA_OIF, &index, sizeof index);
  end(&b, h);
  exchange(fd, &b, "inside");
}

/* Does this message say that the link of this name is operational? */
static int says_up(const struct nlmsghdr *h, const char *name) {
  if (h->nlmsg_type != RTM_NEWLINK) return 0;
  const struct ifinfomsg *info = NLMSG_DATA(h);
  int left = (int)(h->nlmsg_len - NLMSG_LENGTH(sizeof *info)), is_it = 0, is_up = 0;
  for (const struct rtattr *a = IFLA_RTA(info); RTA_OK(a, left); a = RTA_NEXT(a, left)) {
    if (a->rta_type == IFLA_IFNAME) is_it = strcmp(RTA_DATA(a), name) == 0;
    if (a->rta_type == IFLA_OPERSTATE) is_up = *(const unsigned char *)RTA_DATA(a) == IF_OPER_UP;
  }
  return is_it && is_up;
}

static void wait_up(int events, const char *name) {
  _Alignas(NLMSG_ALIGNTO) char answer[65536];
  for (;;) {
    struct pollfd ready = {.fd = events, .events = POLLIN};
    if (poll(&ready, 1, OPERSTATE_DEADLINE_MS) != 1) {
      errno = ETIMEDOUT;
      die("operstate of %s", name);
    }
    ssize_t got = recv(events, answer, sizeof answer, 0);
    if (got < 0) die("events");
    unsigned left = (unsigned)got;
    for (struct nlmsghdr *h = (struct nlmsghdr *)answer; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left))
      if (says_up(h, name)) return;
  }
}

static int open_or_die(const char *path, int flags) {
  int fd = open(path, flags | O_CLOEXEC, 0644);
  if (fd < 0) die("%s", path);
  return fd;
}

struct host {
  const char *folder;
  int netns, route, bridge;
};

static void attach(const struct host *host, const char *name, const char *address, unsigned char prefix, const char *gateway) {
  char path[512];
  snprintf(path, sizeof path, "%s/%s", host->folder, name);
  double start = now_us();
  int events = open_netlink(RTMGRP_LINK);
  close(open_or_die(path, O_CREAT | O_EXCL | O_RDONLY));
  if (unshare(CLONE_NEWNET) < 0) die("unshare");
  if (mount("/proc/thread-self/ns/net", path, NULL, MS_BIND, NULL) < 0) die("bind mount %s", path);
  int inside = open_netlink(0);
  if (setns(host->netns, CLONE_NEWNET) < 0) die("setns");
  int netns = open_or_die(path, O_RDONLY);
  double has_netns = now_us();
  add_veth(host->route, name, host->bridge, netns);
  furnish(inside, link_index(inside, "eth0"), address, prefix, gateway);
  wait_up(events, name);
  double done = now_us();
  printf("%.0f %.0f\n", done - start, done - has_netns);
  close(netns);
  close(inside);
  close(events);
}

static void detach(const struct host *host, const char *name) {
  char path[512];
  snprintf(path, sizeof path, "%s/%s", host->folder, name);
  struct batch b = {0};
  double start = now_us();
  set_link(&b, link_index(host->route, name), 0, IFF_UP, 0);
  exchange(host->route, &b, "detach");
  if (umount2(path, MNT_DETACH) < 0 || unlink(path) < 0) die("%s", path);
  printf("%.0f\n", now_us() - start);
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fputs("usage: floor FOLDER BRIDGE\n", stderr);
    return 2;
  }
  struct host host = {.folder = argv[1], .netns = open_or_die("/proc/self/ns/net", O_RDONLY), .route = open_netlink(0)};
  host.bridge = link_index(host.route, argv[2]);
  char line[512], name[IFNAMSIZ], address[64], gateway[64];
  unsigned char prefix;
  setvbuf(stdout, NULL, _IOLBF, 0);
  while (fgets(line, sizeof line, stdin) != NULL) {
    if (sscanf(line, "attach %15s %63[^/]/%hhu %63s", name, address, &prefix, gateway) == 4) attach(&host, name, address, prefix, gateway);
    else if (sscanf(line, "detach %15s", name) == 1) detach(&host, name);
    else {
      fprintf(stderr, "floor: no such command: %s", line);
      return 2;
    }
  }
  return 0;
}
