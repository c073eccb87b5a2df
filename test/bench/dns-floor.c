/*
 * The least that a DNS responder can do: a batch in, one table look-up for each question, a batch out. What ours is measured against.
 * Usage: dns-floor NAMES; prints its port on 127.0.0.1 and answers n0 ... n<NAMES-1> until it is killed.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { SLOTS = 64, SLOT_BYTES = 512, BUCKETS = 1 << 16, ANSWER_BYTES = 16 };

struct entry {
  struct entry *next;
  size_t length;
  uint8_t name[64];
  uint8_t answer[ANSWER_BYTES];
};

static struct entry *buckets[BUCKETS];
static uint8_t buffers[SLOTS][SLOT_BYTES];

static uint8_t lower(uint8_t byte) {
  return byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte;
}

static uint32_t hash(const uint8_t *name, size_t length) {
  uint32_t value = 0x811c9dc5;
  for (size_t i = 0; i < length; i++) value = (value ^ lower(name[i])) * 0x01000193;
  return value % BUCKETS;
}

static void add(int number) {
  struct entry *entry = calloc(1, sizeof *entry);
  char label[32];
  int bytes = snprintf(label, sizeof label, "n%d", number);
  entry->name[0] = (uint8_t)bytes;
  memcpy(entry->name + 1, label, (size_t)bytes);
  entry->length = (size_t)bytes + 2;
  const uint8_t answer[ANSWER_BYTES] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, 10, 0, (uint8_t)(number >> 8), (uint8_t)number};
  memcpy(entry->answer, answer, sizeof answer);
  struct entry **bucket = &buckets[hash(entry->name, entry->length)];
  entry->next = *bucket;
  *bucket = entry;
}

static struct entry *find(const uint8_t *name, size_t length) {
  for (struct entry *entry = buckets[hash(name, length)]; entry != NULL; entry = entry->next) {
    size_t i = 0;
    if (entry->length != length) continue;
    while (i < length && lower(name[i]) == entry->name[i]) i++;
    if (i == length) return entry;
  }
  return NULL;
}

/* Answers in place; returns the length of the answer, 0 for what is not a plain question for one of the names. */
static size_t answer(uint8_t *message, size_t length) {
  size_t end = 12;
  if (length < 17 || message[2] & 0xf8 || message[4] != 0 || message[5] != 1) return 0;
  while (end < length && message[end] != 0 && message[end] < 64) end += 1u + message[end];
  if (end + 5 > length || message[end] != 0 || message[end + 2] != 1) return 0;
  struct entry *entry = find(message + 12, end + 1 - 12);
  if (entry == NULL || end + 5 + ANSWER_BYTES > SLOT_BYTES) return 0;
  message[2] |= 0x80;
  message[3] = 0x80;
  message[7] = 1;
  message[9] = message[11] = 0;
  memcpy(message + end + 5, entry->answer, ANSWER_BYTES);
  return end + 5 + ANSWER_BYTES;
}

int main(int argc, char **argv) {
  struct mmsghdr in[SLOTS] = {0}, out[SLOTS] = {0};
  struct iovec in_parts[SLOTS], out_parts[SLOTS];
  struct sockaddr_in peers[SLOTS], own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof own;
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  if (argc != 2 || bind(fd, (struct sockaddr *)&own, size) != 0 || getsockname(fd, (struct sockaddr *)&own, &size) != 0) return 1;
  for (int i = 0; i < atoi(argv[1]); i++) add(i);
  printf("%d\n", ntohs(own.sin_port));
  fflush(stdout);
  for (unsigned i = 0; i < SLOTS; i++) {
    in_parts[i] = (struct iovec){buffers[i], SLOT_BYTES};
    in[i].msg_hdr = (struct msghdr){.msg_name = &peers[i], .msg_iov = &in_parts[i], .msg_iovlen = 1};
    out[i].msg_hdr = (struct msghdr){.msg_namelen = sizeof own, .msg_iov = &out_parts[i], .msg_iovlen = 1};
  }
  for (;;) {
    for (unsigned i = 0; i < SLOTS; i++) in[i].msg_hdr.msg_namelen = sizeof own;
    int received = recvmmsg(fd, in, SLOTS, MSG_WAITFORONE, NULL);
    unsigned count = 0;
    for (int i = 0; i < received; i++) {
      size_t length = answer(buffers[i], in[i].msg_len);
      if (length == 0) continue;
      out_parts[count] = (struct iovec){buffers[i], length};
      out[count++].msg_hdr.msg_name = &peers[i];
    }
    if (count > 0 && sendmmsg(fd, out, count, 0) < 0) return 1;
  }
}
