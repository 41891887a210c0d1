/* libfinishline: clients of a Finishline proxy and workers behind one, in C.
 *
 * What goes over the wire stands in PROTOCOL.md. A worker and a client are written, line by line, in the
 * tutorial "A worker in C".
 *
 * Everywhere:
 * - Times are in the unit that the name says, and measured on CLOCK_MONOTONIC.
 * - Structs that are passed in are set to zero first and then filled in. 0 stands for the default of a
 * member. Members called `reserved` stay 0.
 * - Bytes that are passed in are copied or used up before the function returns. Who owns bytes that come out
 * is said where they come out.
 * - A function that can fail returns FINISHLINE_OK or another finishline_result; finishline_error() has the
 * words.
 * - Nothing is printed, no signal is raised, no signal handler changed. All descriptors are closed by exec.
 */
#ifndef FINISHLINE_H
#define FINISHLINE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define FINISHLINE_API __attribute__((visibility("default")))
#else
#define FINISHLINE_API
#endif

/* --- results ------------------------------------------------------------------------------------- */

/* Functions and replies have these as int: a later proxy may say a number above those listed, which is a
 * failure. */
enum finishline_result {
  FINISHLINE_OK = 0,

  /* What the other side says. The numbers are those of the wire. */
  FINISHLINE_BAD_FRAME = 1,         /* it could not read the request */
  FINISHLINE_UNKNOWN_TYPE = 2,      /* no such type letter, or a server that cannot do it */
  FINISHLINE_TOO_LARGE = 3,         /* the body or the length is above its limit */
  FINISHLINE_NO_SERVER = 4,         /* no server that can do this type is up */
  FINISHLINE_SERVER_LOST = 5,       /* the server went away with the request, which may have been done */
  FINISHLINE_DEADLINE_EXCEEDED = 6, /* the deadline passed first; the work may have been done */
  FINISHLINE_OVERLOADED = 7,        /* refused by a limit */
  FINISHLINE_DRAINING = 8,          /* the receiver is about to stop */
  FINISHLINE_SERVER_ERROR = 9,      /* the server said that it failed */
  FINISHLINE_CANCELLED = 10,        /* the other side knows that nobody wants it any more */

  /* What this side says. */
  FINISHLINE_NOT_SENT = -1,        /* no connection took the request in time: nobody has worked on it */
  FINISHLINE_CONNECTION_LOST = -2, /* the connection ended with the request open, which may have been done */
  FINISHLINE_TIMED_OUT = -3,       /* nothing came in time; the work may have been done */
  FINISHLINE_PROTOCOL_ERROR = -4,  /* the other side sent bytes that make no sense */
  FINISHLINE_WITHDRAWN = -5,       /* finishline_cancel(), or its client was freed */
  FINISHLINE_BAD_ARGUMENT = -6,    /* a mistake of the caller */
  FINISHLINE_OUT_OF_MEMORY = -7,
  FINISHLINE_SYSTEM_ERROR = -8, /* the kernel refuses; errno is in the words */
  FINISHLINE_TOO_MANY = -9,     /* as many requests as `max_open` allows are open */
  FINISHLINE_ENDED = -10        /* the server has been stopped, or drained to its end */
};

/* The word of the protocol, as "server_lost"; "unknown" for a number outside the list. Static. */
FINISHLINE_API const char* finishline_result_name(int result);

/* What went wrong last in this thread, with place and remedy: set by every function that returns something
 * else than FINISHLINE_OK, and for the reply that was delivered last, if it is not ok. Good until the thread
 * calls again. */
FINISHLINE_API const char* finishline_error(void);

/* As "1.2.3": of the library that is linked. Static. */
FINISHLINE_API const char* finishline_version(void);

/* --- clients ------------------------------------------------------------------------------------- */

/* A client sends any number of requests at once over one connection, and makes it again when it is lost: it
 * connects with its first request, pauses longer and longer while that fails, and goes over its addresses in
 * turn. A connection whose other side says goaway is left for a new one, and closed when what is open on it
 * has been answered.
 *
 * A client may be used by one thread at a time. Different clients know nothing of each other. */
typedef struct finishline_client finishline_client;

#define FINISHLINE_FOREVER UINT32_MAX /* as a number of milliseconds: no limit */

typedef struct finishline_client_options {
  uint32_t timeout_ms;         /* for one request, all attempts included; 60 s; FINISHLINE_FOREVER */
  uint32_t connect_timeout_ms; /* so long a request waits to be sent; 10 s; FINISHLINE_FOREVER */
  uint32_t max_body;           /* bytes; a reply with a longer body ends the connection; 16 MiB */
  uint32_t attempts;           /* how often one request is sent, all in all; 4 */
  uint32_t first_pause_ms; /* before the second attempt; pauses double, by chance up to a half less; 50 ms */
  uint32_t longest_pause_ms; /* 2 s */
  uint32_t max_open;         /* requests open at once; 65536 */
  uint32_t reserved[9];
} finishline_client_options;

/* Makes a client; it connects later. `addresses`: "HOST:PORT", "[IPV6]:PORT" or "unix:/PATH", or several with
 * commas in between. A host that is a name is looked up now, and again when all addresses have failed; the
 * resolver is waited for then. `options`: NULL for defaults. On success *client is to be freed by
 * finishline_client_free(). Otherwise FINISHLINE_BAD_ARGUMENT, also for a name that cannot be resolved, or
 * FINISHLINE_SYSTEM_ERROR, and *client is NULL. */
FINISHLINE_API int finishline_client_new(const char* addresses, const finishline_client_options* options,
                                         finishline_client** client);

/* Closes the connection. What is open is taken back from a proxy or worker that understands that, which may
 * take a tenth of a second. Each open request with a callback gets its completion, FINISHLINE_WITHDRAWN,
 * before this returns; completions that finishline_next() has not fetched are dropped. NULL is allowed. Not
 * from a callback. */
FINISHLINE_API void finishline_client_free(finishline_client* client);

/* One request. */
typedef struct finishline_call {
  char type;              /* the letter of its type, as in [work] of the proxy */
  unsigned char flags;    /* FINISHLINE_RETRYABLE or 0 */
  unsigned char priority; /* the class, 0 to 3, the most urgent; a proxy without classes refuses all but 0 */
  uint32_t length;        /* how much work it is, in units; the proxy plans with it */
  uint32_t deadline_ms;   /* it may take so long, from now; the proxy is told; 0: no deadline */
  const void* body;       /* may be NULL when body_bytes is 0 */
  size_t body_bytes;
  uint64_t reserved[2];
} finishline_call;

/* The work may be done twice. Only then is a request sent again when a server or a connection is lost with
 * it. What was not begun (draining, overloaded, not sent) is sent again in any case. */
#define FINISHLINE_RETRYABLE 0x01

/* What became of a request. */
typedef struct finishline_reply {
  int result;          /* a finishline_result */
  unsigned attempts;   /* how often it was sent */
  uint32_t service_us; /* the server worked on it so long; when overloaded: it may come again after so long,
                          0: unknown */
  uint32_t origin; /* from a proxy: the number of the server that did it; from a server: its backlog, in us */
  void* body;      /* a 0 stands behind the last byte; NULL when there is none */
  size_t body_bytes;
  uint64_t reserved[2];
} finishline_reply;

/* Frees the bodies of `count` replies and sets the replies to zero. Replies that are zero are allowed. */
FINISHLINE_API void finishline_reply_clear(finishline_reply* replies, size_t count);

/* Sends a request and waits for what becomes of it. Returns reply->result: FINISHLINE_OK, or why not. `reply`
 * is filled in in any case and is then to be cleared by finishline_reply_clear(). */
FINISHLINE_API int finishline_request(finishline_client* client, const finishline_call* call,
                                      finishline_reply* reply);

/* Sends requests, at most `window` of them open at a time (0: 64), and waits until each has its reply, in the
 * place of its call. Returns FINISHLINE_OK when all are ok, else the result of the first that is not. All
 * `count` replies are filled in and are to be cleared, also when calls make no sense: then none has been
 * sent. */
FINISHLINE_API int finishline_request_many(finishline_client* client, const finishline_call* calls,
                                           size_t count, size_t window, finishline_reply* replies);

/* Waits until the other side has answered a ping, which it does before any work. Fills in *round_trip_us,
 * unless it is NULL. */
FINISHLINE_API int finishline_ping(finishline_client* client, uint32_t* round_trip_us);

/* Asks the proxy what it schedules: reply->body is a JSON object (PROTOCOL.md, "The description").
 * FINISHLINE_NO_SERVER from a server, and from a proxy that does not tell. `reply` is to be cleared in any
 * case. */
FINISHLINE_API int finishline_describe(finishline_client* client, finishline_reply* reply);

/* The letter of a request type by its name, out of a description; 0 when it does not name it. */
FINISHLINE_API char finishline_type_in(const char* description, const char* name);

/* --- clients in an event loop -------------------------------------------------------------------- */

/* Wait until finishline_client_fd() is readable or finishline_client_timeout_ms() have passed, call
 * finishline_client_process(), and again. None of the functions here waits, but for the resolver. */

/* Names a request of one client; never 0. A number comes again after 2^31 uses of its place at the earliest.
 */
typedef uint64_t finishline_ticket;

/* Told what became of a request, once, by finishline_client_process(), by a function that waits, or by
 * finishline_client_free(). `reply` and its body are good until it returns. It may submit and cancel requests
 * of this client; other functions of it refuse with FINISHLINE_BAD_ARGUMENT meanwhile. */
typedef void (*finishline_done)(void* user, finishline_ticket ticket, const finishline_reply* reply);

/* Takes a request; it is sent by the next finishline_client_process(). With FINISHLINE_OK it ends in exactly
 * one completion: `done` is called with `user`, or, if `done` is NULL, finishline_next() returns it.
 * Otherwise FINISHLINE_BAD_ARGUMENT, FINISHLINE_TOO_MANY or FINISHLINE_OUT_OF_MEMORY, while the client is
 * being freed FINISHLINE_WITHDRAWN, and nothing will come. `ticket` may be NULL. Ask for the time-out again
 * behind it. */
FINISHLINE_API int finishline_submit(finishline_client* client, const finishline_call* call,
                                     finishline_done done, void* user, finishline_ticket* ticket);

/* Nobody waits for this request any more: it completes with FINISHLINE_WITHDRAWN in the next
 * finishline_client_process(), unless it had ended already. A proxy or worker that understands it hears of it
 * and drops the work; else that may still be done. Returns 1 when it was
 * open, else 0. */
FINISHLINE_API int finishline_cancel(finishline_client* client, finishline_ticket ticket);

/* A descriptor for poll(2), epoll(7) and the like, the same for the life of the client, which owns it. It is
 * readable when there is something to do. */
FINISHLINE_API int finishline_client_fd(const finishline_client* client);

/* Milliseconds until there is something to do by the clock; 0: now; -1: nothing. Fits as time-out of poll(2).
 */
FINISHLINE_API int finishline_client_timeout_ms(const finishline_client* client);

/* Sends, receives, connects, and tells completions. Returns FINISHLINE_OK; what goes wrong goes wrong for
 * requests. */
FINISHLINE_API int finishline_client_process(finishline_client* client);

/* A completion of a request that was submitted without a callback. */
typedef struct finishline_completion {
  finishline_ticket ticket;
  void* user;
  finishline_reply reply;
} finishline_completion;

/* Fetches the next completion: 1, and completion->reply is to be cleared; 0: there is none now. */
FINISHLINE_API int finishline_next(finishline_client* client, finishline_completion* completion);

/* Requests that are open: submitted, and not yet told or fetched. */
FINISHLINE_API size_t finishline_client_open(const finishline_client* client);

/* --- workers ------------------------------------------------------------------------------------- */

/* A worker's side of the proxy: it listens, answers pings before any work, keeps requests in a queue, first
 * come, first served, hands them out, and tells with each reply how much work is left. What is too much it
 * refuses, unbegun; the proxy gives that to another worker.
 *
 * The proxy gives up a worker that does not answer its pings. So either the library reads connections in a
 * thread of its own (finishline_server_run(), finishline_server_start()), or the program comes by within a
 * second, whatever it does.
 *
 * Any thread may call the functions of a server, several at a time; finishline_server_free() comes last. */
typedef struct finishline_server finishline_server;

typedef struct finishline_server_options {
  const char* types;    /* the letters of the types that it does, as "SC"; NULL: all. Others: unknown_type */
  uint32_t slots;       /* requests handed out at a time, as in [[server]] of the proxy; 1 */
  uint32_t max_body;    /* bytes; a longer body is skipped as it comes: too_large; 16 MiB */
  uint32_t max_waiting; /* requests that wait to be handed out; one more: overloaded; 1024 */
  uint32_t max_connections; /* one more is closed at once; a proxy has a few for each of its workers; 1024 */
  uint64_t max_waiting_bytes; /* what the waiting hold; more: overloaded; 64 MiB */
  uint64_t max_slots; /* the proxy may raise `slots` so far while the server runs; more is refused. `slots`;
                         65536 in finishline_server_run() with handlers that run side by side already */
  uint64_t reserved[4];
} finishline_server_options;

/* Listens on "HOST:PORT" or "[IPV6]:PORT"; port 0: a free one; or on "unix:/PATH", whose file has mode 0660.
 * `options`: NULL for defaults. On success *server is to be freed. Otherwise FINISHLINE_BAD_ARGUMENT or
 * FINISHLINE_SYSTEM_ERROR, and *server is NULL.
 */
FINISHLINE_API int finishline_server_new(const char* address, const finishline_server_options* options,
                                         finishline_server** server);

/* Where it listens, as "127.0.0.1:9001". Good as long as the server. */
FINISHLINE_API const char* finishline_server_address(const finishline_server* server);

/* Requests that are handed out at a time: as many as the options said, or the proxy since. */
FINISHLINE_API uint32_t finishline_server_slots(finishline_server* server);

/* Stops it and frees it. All work that was taken must have been answered, and no other thread may be in a
 * function of this server. NULL is allowed. */
FINISHLINE_API void finishline_server_free(finishline_server* server);

/* A request that has been handed out. The library owns it, and its body, until it is answered. */
typedef struct finishline_work {
  char type;
  unsigned char flags; /* FINISHLINE_RETRYABLE: it may be done twice, and perhaps is */
  uint32_t length;     /* how much work it is, in units */
  const void* body;    /* a 0 stands behind the last byte; never NULL */
  size_t body_bytes;
} finishline_work;

/* Answers a request, once, from any thread; it is gone then. `status`: FINISHLINE_OK to FINISHLINE_CANCELLED,
 * others count as FINISHLINE_SERVER_ERROR. With FINISHLINE_UNKNOWN_TYPE, _TOO_LARGE, _NO_SERVER, _OVERLOADED
 * and _DRAINING the worker says that it has not begun: the proxy asks another one. `body` may be NULL when
 * body_bytes is 0. */
FINISHLINE_API void finishline_answer(finishline_work* work, int status, const void* body, size_t body_bytes);

/* Refuses a request as overloaded; it may come again after so many microseconds, 0: nobody knows when. */
FINISHLINE_API void finishline_answer_later(finishline_work* work, uint32_t after_us);

/* Milliseconds until the deadline; 0 when it has passed; -1 without one. */
FINISHLINE_API int64_t finishline_time_left_ms(const finishline_work* work);

/* 0 when nobody waits for the answer any more: the client has taken the request back, the deadline has
 * passed, or the connection has ended. Else 1. It is to be answered all the same, as FINISHLINE_CANCELLED
 * when the work was left. */
FINISHLINE_API int finishline_wanted(const finishline_work* work);

/* Does the work: answers it before it returns. What it leaves unanswered is answered as
 * FINISHLINE_SERVER_ERROR. */
typedef void (*finishline_handler)(void* user, finishline_work* work);

/* Serves until the server has drained or been stopped: `handler` is called by `slots` threads, one of them
 * the caller's, with every request; by more of them when the proxy raises `slots`. Returns FINISHLINE_OK when
 * all work that was accepted has been answered, FINISHLINE_ENDED when it was stopped before. */
FINISHLINE_API int finishline_server_run(finishline_server* server, finishline_handler handler, void* user);

/* Begins the end, and returns at once: listens no more, says goaway, refuses new requests as draining. When
 * what has been accepted is answered, the connections are closed, and finishline_server_run() returns. May be
 * called from a signal handler. */
FINISHLINE_API void finishline_server_drain(finishline_server* server);

/* Ends at once: connections are closed, and nobody hears of the work in hand. May be called from a signal
 * handler. */
FINISHLINE_API void finishline_server_stop(finishline_server* server);

/* --- workers without handlers -------------------------------------------------------------------- */

/* Reads and writes connections in a thread of the library from now on, in which all signals are blocked. */
FINISHLINE_API int finishline_server_start(finishline_server* server);

/* Hands out the next request, which is to be answered. Waits for at most so many milliseconds, -1: for ever,
 * 0: not at all. FINISHLINE_OK; FINISHLINE_TIMED_OUT: there is none, or `slots` are in hand;
 * FINISHLINE_ENDED: there will be none. Without finishline_server_start() connections are read and written
 * while it waits, and only then. */
FINISHLINE_API int finishline_server_take(finishline_server* server, int at_most_ms, finishline_work** work);

/* In an event loop, without finishline_server_start(): wait until the descriptor is readable or the time-out
 * is over, call finishline_server_process(), then finishline_server_take(..., 0, ...) until it hands out
 * nothing; again behind each answer. */
FINISHLINE_API int finishline_server_fd(const finishline_server* server);

/* Milliseconds until there is something to do by the clock; 0: now; -1: nothing. Fits as time-out of poll(2).
 */
FINISHLINE_API int finishline_server_timeout_ms(finishline_server* server);

/* Accepts, reads and writes what can be without waiting. FINISHLINE_OK, or FINISHLINE_ENDED. */
FINISHLINE_API int finishline_server_process(finishline_server* server);

#ifdef __cplusplus
}
#endif

#endif
