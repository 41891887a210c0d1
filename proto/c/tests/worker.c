/* A worker for tests: worker run|loop [--slots N] [--max-slots N] [--unit SECONDS] [--max-waiting N]
 * [--max-body BYTES].
 *
 * It gives the body back, or the length as four bytes where there is none, after length x unit. A body "raise NAME" is
 * answered with that status, NAME being that of the exception in Python; "raise" is left to the library, or answered with
 * server_error. "run": handlers in threads of the library; "loop": an event loop in one thread. SIGTERM drains it: it
 * ends with 0 when all is done, with 1 after a second SIGTERM. */
#include <finishline.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST_IN_HAND = 64 };

static finishline_server *server;
static double unit_s;
static volatile sig_atomic_t signals;

static void on_signal(int number) {
  (void)number;
  if (++signals == 1)
    finishline_server_drain(server);
  else
    finishline_server_stop(server);
}

static int status_named(const char *name) {
  static const char *const names[] = {"",         "BadFrameReply",    "UnknownType", "TooLarge", "NoServer",    "ServerLost",
                                      "DeadlineExceeded", "Overloaded", "Draining", "ServerFailed", "Cancelled"};
  for (int status = 1; status < (int)(sizeof names / sizeof *names); ++status)
    if (strcmp(names[status], name) == 0) return status;
  return FINISHLINE_SERVER_ERROR;
}

static void answer(finishline_work *work) {
  const char *const body = work->body;
  if (strcmp(body, "raise Overloaded") == 0) {
    finishline_answer_later(work, 50000);
  } else if (strncmp(body, "raise", 5) == 0) {
    finishline_answer(work, status_named(body[5] == ' ' ? body + 6 : ""), NULL, 0);
  } else if (work->body_bytes > 0) {
    finishline_answer(work, FINISHLINE_OK, body, work->body_bytes);
  } else {
    const unsigned char length[] = {(unsigned char)(work->length >> 24), (unsigned char)(work->length >> 16),
                                    (unsigned char)(work->length >> 8), (unsigned char)work->length};
    finishline_answer(work, FINISHLINE_OK, length, sizeof length);
  }
}

static double now_s(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* Sleeps as long as somebody waits for the answer. */
static void wait_and_answer(void *user, finishline_work *work) {
  const double due_s = now_s() + work->length * unit_s;
  (void)user;
  while (now_s() < due_s && finishline_wanted(work)) {
    const double left_s = due_s - now_s();
    struct timespec pause = {0, 0};
    pause.tv_nsec = left_s > 0.01 ? 10000000 : (long)(left_s > 0 ? left_s * 1e9 : 0);
    nanosleep(&pause, NULL);
  }
  if (now_s() < due_s)
    finishline_answer(work, FINISHLINE_CANCELLED, NULL, 0);
  else if (strcmp(work->body, "raise") != 0)
    answer(work);
}

static struct {
  finishline_work *work;
  double due_s;
} in_hand[MOST_IN_HAND];

/* Answers what is done: how much that was. Sets *next_ms to the milliseconds until the next is, or -1. */
static int answer_done(int *next_ms) {
  int answered = 0;
  *next_ms = -1;
  for (int slot = 0; slot < MOST_IN_HAND; ++slot) {
    const double left_s = in_hand[slot].due_s - now_s();
    const int left_ms = (int)(left_s * 1000) + 1;
    if (in_hand[slot].work == NULL) continue;
    if (left_s > 0 && finishline_wanted(in_hand[slot].work)) {
      if (*next_ms < 0 || left_ms < *next_ms) *next_ms = left_ms;
      continue;
    }
    if (left_s > 0)
      finishline_answer(in_hand[slot].work, FINISHLINE_CANCELLED, NULL, 0);
    else
      answer(in_hand[slot].work);
    in_hand[slot].work = NULL;
    ++answered;
  }
  return answered;
}

static void take_more(void) {
  finishline_work *work;
  while (finishline_server_take(server, 0, &work) == FINISHLINE_OK) {
    int slot = 0;
    while (in_hand[slot].work != NULL) ++slot;
    in_hand[slot].work = work;
    in_hand[slot].due_s = now_s() + work->length * unit_s;
  }
}

static int loop(void) {
  for (;;) {
    struct pollfd ready = {finishline_server_fd(server), POLLIN, 0};
    int done_ms, ms;
    do take_more();
    while (answer_done(&done_ms) > 0);
    ms = finishline_server_timeout_ms(server);
    if (ms < 0 || (done_ms >= 0 && done_ms < ms)) ms = done_ms;
    poll(&ready, 1, ms);
    if (finishline_server_process(server) == FINISHLINE_ENDED) break;
  }
  for (int slot = 0; slot < MOST_IN_HAND; ++slot)
    if (in_hand[slot].work != NULL) answer(in_hand[slot].work);
  return signals == 1 ? FINISHLINE_OK : FINISHLINE_ENDED;
}

int main(int count, char **words) {
  finishline_server_options options;
  struct sigaction action;
  int result;
  if (count < 2) return 2;
  memset(&options, 0, sizeof options);
  options.types = "VPM";
  options.slots = 2;
  options.max_body = 1 << 20;
  for (int n = 2; n + 1 < count; n += 2) {
    if (strcmp(words[n], "--slots") == 0) options.slots = (uint32_t)atoi(words[n + 1]);
    if (strcmp(words[n], "--max-slots") == 0) options.max_slots = (uint32_t)atoi(words[n + 1]);
    if (strcmp(words[n], "--unit") == 0) unit_s = atof(words[n + 1]);
    if (strcmp(words[n], "--max-waiting") == 0) options.max_waiting = (uint32_t)atoi(words[n + 1]);
    if (strcmp(words[n], "--max-body") == 0) options.max_body = (uint32_t)atoi(words[n + 1]);
  }
  if (options.slots > MOST_IN_HAND || options.max_slots > MOST_IN_HAND) return 2;
  if (finishline_server_new("127.0.0.1:0", &options, &server) != FINISHLINE_OK) {
    fprintf(stderr, "%s\n", finishline_error());
    return 2;
  }
  memset(&action, 0, sizeof action);
  action.sa_handler = on_signal;
  sigaction(SIGTERM, &action, NULL);
  fprintf(stderr, "listening on %s\n", finishline_server_address(server));
  result = strcmp(words[1], "run") == 0 ? finishline_server_run(server, wait_and_answer, NULL) : loop();
  finishline_server_free(server);
  return result == FINISHLINE_OK ? 0 : 1;
}
