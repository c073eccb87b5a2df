/*
 * Asks as fast as it is answered. Usage: dnsload IP PORT NAMES CLIENTS OUTSTANDING SECONDS
 * Each client is a socket with so many questions open; a question unanswered after 100 ms is lost and asked anew.
 * Prints: answers per second, median and 99th percentile of the round trip in microseconds, questions lost.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { BATCH = 64, MESSAGE_BYTES = 512, CLIENTS_MAX = 64, LOST_NS = 100000000, BUCKETS = 1 << 20 };

struct question {
  uint64_t sent_ns;
  uint16_t generation;
};

static struct question questions[CLIENTS_MAX][256];
static struct pollfd sockets[CLIENTS_MAX];
/* Round trips by 100 ns. */
static uint32_t histogram[BUCKETS];
static int names;

static uint64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* The id is the question's slot and how often the slot was used, so that a late answer is told from the right one. */
static size_t write_query(uint8_t *out, int slot, uint16_t generation) {
  static uint32_t turn;
  char label[32];
  size_t length = (size_t)snprintf(label, sizeof label, "n%u", turn++ * 7919u % (unsigned)names);
  const uint8_t head[12] = {(uint8_t)slot, (uint8_t)generation, 1, 0, 0, 1};
  const uint8_t tail[5] = {0, 0, 1, 0, 1};
  memcpy(out, head, sizeof head);
  out[12] = (uint8_t)length;
  memcpy(out + 13, label, length);
  memcpy(out + 13 + length, tail, sizeof tail);
  return 18 + length;
}

static void ask(int client, const uint8_t *slots, unsigned count) {
  static uint8_t buffers[256][MESSAGE_BYTES];
  struct mmsghdr messages[256] = {0};
  struct iovec parts[256];
  uint64_t now = now_ns();
  for (unsigned i = 0; i < count; i++) {
    struct question *question = &questions[client][slots[i]];
    question->sent_ns = now;
    question->generation++;
    parts[i] = (struct iovec){buffers[i], write_query(buffers[i], slots[i], question->generation)};
    messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
  }
  if (sendmmsg(sockets[client].fd, messages, count, 0) != (int)count) exit(1);
}

static unsigned hear(int client) {
  static uint8_t buffers[BATCH][MESSAGE_BYTES];
  struct mmsghdr messages[BATCH] = {0};
  struct iovec parts[BATCH];
  uint8_t free_slots[BATCH];
  unsigned count = 0;
  for (unsigned i = 0; i < BATCH; i++) {
    parts[i] = (struct iovec){buffers[i], MESSAGE_BYTES};
    messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
  }
  int received = recvmmsg(sockets[client].fd, messages, BATCH, MSG_DONTWAIT, NULL);
  uint64_t now = now_ns();
  for (int i = 0; i < received; i++) {
    struct question *question = &questions[client][buffers[i][0]];
    if (messages[i].msg_len < 12 || buffers[i][1] != (uint8_t)question->generation || buffers[i][7] == 0) continue;
    uint64_t bucket = (now - question->sent_ns) / 100;
    histogram[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
    free_slots[count++] = buffers[i][0];
  }
  if (count > 0) ask(client, free_slots, count);
  return count;
}

static unsigned renew(int clients, int outstanding) {
  unsigned lost = 0;
  uint64_t now = now_ns();
  for (int client = 0; client < clients; client++) {
    for (int slot = 0; slot < outstanding; slot++) {
      uint8_t which = (uint8_t)slot;
      if (now - questions[client][slot].sent_ns < LOST_NS) continue;
      ask(client, &which, 1);
      lost++;
    }
  }
  return lost;
}

static double percentile(uint64_t total, double part) {
  uint64_t seen = 0;
  for (int i = 0; i < BUCKETS; i++) {
    if ((seen += histogram[i]) >= (uint64_t)((double)total * part)) return i / 10.0;
  }
  return BUCKETS / 10.0;
}

int main(int argc, char **argv) {
  if (argc != 7) return 2;
  int clients = atoi(argv[4]), outstanding = atoi(argv[5]);
  struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[2]))};
  names = atoi(argv[3]);
  if (clients > CLIENTS_MAX || outstanding > 255 || inet_pton(AF_INET, argv[1], &server.sin_addr) != 1) return 2;
  for (int i = 0; i < clients; i++) {
    sockets[i] = (struct pollfd){.fd = socket(AF_INET, SOCK_DGRAM, 0), .events = POLLIN};
    if (connect(sockets[i].fd, (struct sockaddr *)&server, sizeof server) != 0) return 1;
  }
  uint64_t start = now_ns(), end = start + (uint64_t)(atof(argv[6]) * 1e9), answers = 0;
  unsigned lost = 0;
  uint8_t all[256];
  for (int i = 0; i < outstanding; i++) all[i] = (uint8_t)i;
  for (int i = 0; i < clients; i++) ask(i, all, (unsigned)outstanding);
  while (now_ns() < end) {
    int ready = poll(sockets, (nfds_t)clients, 20);
    for (int i = 0; i < clients && ready > 0; i++) {
      if (sockets[i].revents & POLLIN) answers += hear(i);
    }
    static unsigned rounds;
    if (ready <= 0 || ++rounds % 1024 == 0) lost += renew(clients, outstanding);
  }
  printf("%.0f %.1f %.1f %u\n", (double)answers / ((double)(now_ns() - start) / 1e9), percentile(answers, 0.5), percentile(answers, 0.99), lost);
  return 0;
}
