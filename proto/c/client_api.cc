// The functions of finishline.h for clients, on a Client.
#include <algorithm>
#include <cstdlib>
#include <utility>

#include "proto/c/client.h"
#include "proto/c/error_text.h"
#include "proto/c/finishline.h"
#include "proto/c/guarded.h"

struct finishline_client {
  finishline::clib::Client client;
};

namespace finishline::clib {
namespace {

constexpr std::size_t kDefaultWindow = 64;

std::optional<Nanos> span_of(std::uint32_t ms, Nanos if_zero) {
  if (ms == FINISHLINE_FOREVER) return std::nullopt;
  return ms == 0 ? if_zero : Nanos(std::chrono::milliseconds(ms));
}

ClientRules rules_of(const finishline_client_options* options) {
  ClientRules rules;
  if (options == nullptr) return rules;
  rules.timeout = span_of(options->timeout_ms, 60s);
  rules.connect_timeout = span_of(options->connect_timeout_ms, 10s);
  if (options->max_body > 0) rules.max_body = options->max_body;
  if (options->max_open > 0) rules.max_open = options->max_open;
  if (options->attempts > 0) rules.retry.attempts = options->attempts;
  if (options->first_pause_ms > 0)
    rules.retry.first_pause = std::chrono::milliseconds(options->first_pause_ms);
  if (options->longest_pause_ms > 0)
    rules.retry.longest_pause = std::chrono::milliseconds(options->longest_pause_ms);
  return rules;
}

/// Why the client takes nothing now, or nullptr.
const char* refusal(const finishline_client* client) {
  if (client == nullptr) return "the client is NULL";
  if (client->client.telling()) return "not from a callback of this client, which may submit and cancel only";
  return nullptr;
}

/// Where a function that waits gets an answer.
struct Awaited {
  finishline_reply* reply = nullptr;
  std::size_t* arrived = nullptr;  // one more
  std::string words{};             // where it is not ok
};
void arrive(void* user, finishline_ticket, const finishline_reply* reply) {
  auto* const awaited = static_cast<Awaited*>(user);
  if (reply->result != FINISHLINE_OK) awaited->words = finishline_error();
  // The body goes to who waits; what the client owned is empty behind it.
  *awaited->reply = std::exchange(*const_cast<finishline_reply*>(reply), finishline_reply{});
  ++*awaited->arrived;
}

/// Turns until `count` answers have arrived. `refill` submits more. Nobody may be told any more when memory
/// runs out.
template <class Refill>
void turn_until(Client& client, const std::size_t& arrived, std::size_t count, Refill refill) {
  client.turn(0);  // what came while nobody looked: a goaway, the end of the connection
  try {
    while (arrived < count) {
      refill();
      client.turn(poll_ms(client.next_time(), clock_now()));
    }
    client.say_cancels();
  } catch (...) {
    client.end_all();
    throw;
  }
}

/// Asks one thing and waits for its answer.
int ask(finishline_client* client, Question question, finishline_reply* reply) {
  std::size_t arrived = 0, sent = 0;
  Awaited awaited{reply, &arrived};
  turn_until(client->client, arrived, 1, [&] {
    if (sent++ == 0) client->client.submit(std::move(question), {arrive, &awaited}, clock_now());
  });
  return reply->result;
}

/// Asks all and waits for all answers. Gives the result of the first that is not ok. `calls` have no faults.
int ask_all(Client& client, std::span<const finishline_call> calls, std::size_t window,
            finishline_reply* replies) {
  std::size_t arrived = 0, sent = 0;
  std::vector<Awaited> awaited(calls.size());
  turn_until(client, arrived, calls.size(), [&] {
    for (; sent < calls.size() && sent - arrived < window; ++sent) {
      awaited[sent].reply = &replies[sent];
      awaited[sent].arrived = &arrived;
      client.submit(question_of(calls[sent]), {arrive, &awaited[sent]}, clock_now());
    }
  });
  for (const Awaited& each : awaited)
    if (each.reply->result != FINISHLINE_OK) return failed(each.reply->result, each.words);
  return FINISHLINE_OK;
}

/// The first call that makes no sense: what is wrong with it, or nullptr.
const char* first_fault(std::span<const finishline_call> calls) {
  for (const finishline_call& call : calls)
    if (const char* const fault = fault_of(call)) return fault;
  return nullptr;
}

finishline_reply reply_with(int result) {
  finishline_reply reply{};
  reply.result = result;
  return reply;
}

Question question_of(proto::Kind kind) {
  Question question;
  question.kind = kind;
  return question;
}

int new_client(const char* addresses, const finishline_client_options* options, finishline_client** client) {
  if (addresses == nullptr)
    return bad_argument("no addresses: write finishline_client_new(\"127.0.0.1:9000\", ...)");
  auto parsed = AddressList::parse(addresses);
  if (const auto* const why = std::get_if<std::string>(&parsed)) return bad_argument(why->c_str());
  auto& list = std::get<AddressList>(parsed);
  if (const std::string why = list.resolve(); !why.empty()) return bad_argument(why.c_str());
  *client = new finishline_client{Client(std::move(list), rules_of(options))};
  return FINISHLINE_OK;
}

bool all_zero(const std::uint32_t (&numbers)[9]) {
  return std::all_of(std::begin(numbers), std::end(numbers), [](std::uint32_t n) { return n == 0; });
}

}  // namespace
}  // namespace finishline::clib

using namespace finishline;
using namespace finishline::clib;

int finishline_client_new(const char* addresses, const finishline_client_options* options,
                          finishline_client** client) {
  if (client == nullptr) return bad_argument("no place for the client: the last argument is NULL");
  *client = nullptr;
  if (options != nullptr && !all_zero(options->reserved))
    return bad_argument("set the options to zero first: options->reserved is not 0");
  return guarded([&] { return new_client(addresses, options, client); });
}

void finishline_client_free(finishline_client* client) {
  if (client == nullptr) return;
  guarded([&] { return client->client.close(), FINISHLINE_OK; });
  delete client;
}

void finishline_reply_clear(finishline_reply* replies, size_t count) {
  for (std::size_t n = 0; n < count; ++n) {
    std::free(replies[n].body);
    replies[n] = {};
  }
}

int finishline_request(finishline_client* client, const finishline_call* call, finishline_reply* reply) {
  return finishline_request_many(client, call, 1, 1, reply);
}

int finishline_request_many(finishline_client* client, const finishline_call* calls, size_t count,
                            size_t window, finishline_reply* replies) {
  if (count == 0) return FINISHLINE_OK;
  if (replies == nullptr) return bad_argument("no place for the replies");
  std::fill_n(replies, count, reply_with(FINISHLINE_BAD_ARGUMENT));
  if (calls == nullptr) return bad_argument("the call is NULL");
  if (const char* const why = refusal(client)) return bad_argument(why);
  if (const char* const fault = first_fault({calls, count})) return bad_argument(fault);
  return guarded([&] {
    return ask_all(client->client, {calls, count}, window == 0 ? kDefaultWindow : window, replies);
  });
}

int finishline_ping(finishline_client* client, uint32_t* round_trip_us) {
  if (const char* const why = refusal(client)) return bad_argument(why);
  return guarded([&] {
    ReplySlot reply;
    const Instant begun = clock_now();
    const int result = ask(client, question_of(proto::Kind::ping), &*reply);
    if (result == FINISHLINE_OK && round_trip_us != nullptr) *round_trip_us = to_wire_us(clock_now() - begun);
    return result;
  });
}

int finishline_describe(finishline_client* client, finishline_reply* reply) {
  if (reply == nullptr) return bad_argument("no place for the reply");
  *reply = reply_with(FINISHLINE_BAD_ARGUMENT);
  if (const char* const why = refusal(client)) return bad_argument(why);
  return guarded([&] { return ask(client, question_of(proto::Kind::describe), reply); });
}

int finishline_submit(finishline_client* client, const finishline_call* call, finishline_done done,
                      void* user, finishline_ticket* ticket) {
  if (client == nullptr || call == nullptr) return bad_argument("the client or the call is NULL");
  if (const char* const fault = fault_of(*call)) return bad_argument(fault);
  Client& it = client->client;
  if (it.closed()) return failed(FINISHLINE_WITHDRAWN, "withdrawn: the client is being freed");
  if (it.open() >= it.rules().max_open)
    return failed(FINISHLINE_TOO_MANY,
                  "too_many: max_open requests are open; wait for some, or fetch completions");
  return guarded([&] {
    const finishline_ticket given = it.submit(question_of(*call), {done, user}, clock_now());
    if (ticket != nullptr) *ticket = given;
    it.announce();
    return FINISHLINE_OK;
  });
}

int finishline_cancel(finishline_client* client, finishline_ticket ticket) {
  if (client == nullptr) return 0;
  return guarded([&] { return client->client.cancel(ticket) ? 1 : 0; });
}

int finishline_client_fd(const finishline_client* client) { return client->client.descriptor(); }

int finishline_client_timeout_ms(const finishline_client* client) {
  return poll_ms(client->client.next_time(), clock_now());
}

int finishline_client_process(finishline_client* client) {
  if (const char* const why = refusal(client)) return bad_argument(why);
  return guarded([&] { return client->client.turn(0), FINISHLINE_OK; });
}

int finishline_next(finishline_client* client, finishline_completion* completion) {
  if (client == nullptr || completion == nullptr) return 0;
  const auto next = client->client.next_completion();
  if (next) *completion = *next;
  return next ? 1 : 0;
}

size_t finishline_client_open(const finishline_client* client) { return client->client.open(); }
