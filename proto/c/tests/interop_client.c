/* One client for the matrix of proto/python/tests/test_interop.py: interop_client waiting|loop HOST:PORT sends
 * requests of all types and sizes and ends with 0 when each got its own body back. */
#include <finishline.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT = 210 };
static const size_t sizes[] = {1, 31, 32, 33, 1000, 65535, 65536};
static const char types[] = {'V', 'P', 'M'};

static char bodies[COUNT][65536];
static finishline_call calls[COUNT];
static finishline_reply replies[COUNT];

static void make_calls(void) {
  for (int n = 0; n < COUNT; ++n) {
    char word[16];
    const size_t length = (size_t)snprintf(word, sizeof word, "%d,", n);
    for (size_t at = 0; at < sizeof bodies[n]; ++at) bodies[n][at] = word[at % length];
    memset(&calls[n], 0, sizeof calls[n]);
    calls[n].type = types[n % 3];
    calls[n].length = (uint32_t)(n % 10);
    calls[n].body = bodies[n];
    calls[n].body_bytes = sizes[n % 7];
    calls[n].deadline_ms = n % 2 ? 20000 : 0;
    calls[n].flags = n % 4 < 2 ? FINISHLINE_RETRYABLE : 0;
  }
}

/* How many replies are not what their calls wanted. */
static int wrong_replies(void) {
  int wrong = 0;
  for (int n = 0; n < COUNT; ++n) {
    const int right = replies[n].result == FINISHLINE_OK && replies[n].body_bytes == calls[n].body_bytes &&
                      memcmp(replies[n].body, calls[n].body, calls[n].body_bytes) == 0;
    if (!right) fprintf(stderr, "request %d: %s\n", n, finishline_result_name(replies[n].result));
    wrong += !right;
  }
  return wrong;
}

static int ask_waiting(finishline_client *client) {
  const int result = finishline_request_many(client, calls, COUNT, 32, replies);
  if (result != FINISHLINE_OK) fprintf(stderr, "%s\n", finishline_error());
  return result;
}

static void turn(finishline_client *client) {
  struct pollfd ready = {finishline_client_fd(client), POLLIN, 0};
  poll(&ready, 1, finishline_client_timeout_ms(client));
  finishline_client_process(client);
}

static int ask_in_a_loop(finishline_client *client) {
  int sent = 0, done = 0;
  while (done < COUNT) {
    finishline_completion completion;
    for (; sent < COUNT && sent - done < 32; ++sent)
      if (finishline_submit(client, &calls[sent], NULL, &replies[sent], NULL) != FINISHLINE_OK) return 1;
    turn(client);
    for (; finishline_next(client, &completion) == 1; ++done) *(finishline_reply *)completion.user = completion.reply;
  }
  return 0;
}

int main(int count, char **words) {
  finishline_client_options options;
  finishline_client *client;
  uint32_t round_trip_us = 0;
  int failed;
  if (count != 3) return 2;
  memset(&options, 0, sizeof options);
  options.timeout_ms = 20000;
  if (finishline_client_new(words[2], &options, &client) != FINISHLINE_OK) {
    fprintf(stderr, "%s\n", finishline_error());
    return 2;
  }
  make_calls();
  failed = strcmp(words[1], "loop") == 0 ? ask_in_a_loop(client) : ask_waiting(client);
  failed += wrong_replies();
  failed += finishline_ping(client, &round_trip_us) != FINISHLINE_OK || round_trip_us == 0;
  finishline_reply_clear(replies, COUNT);
  finishline_client_free(client);
  return failed == 0 ? 0 : 1;
}
