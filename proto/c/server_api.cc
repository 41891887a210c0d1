// The functions of finishline.h for workers, on a Server.
#include <algorithm>
#include <cstring>
#include <new>
#include <thread>

#include "proto/c/error_text.h"
#include "proto/c/finishline.h"
#include "proto/c/guarded.h"
#include "proto/c/server.h"
#include "proto/c/signals_blocked.h"

struct finishline_server {
  finishline::clib::Server server;
};

namespace finishline::clib {
namespace {

bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

/// What is wrong with the options, or nullptr.
const char* fault_of(const finishline_server_options& options) {
  for (const std::uint64_t number : options.reserved)
    if (number != 0) return "set the options to zero first: options->reserved is not 0";
  if (options.types == nullptr) return nullptr;
  for (const char* letter = options.types; *letter != 0; ++letter)
    if (!is_letter(*letter)) return "options->types has ASCII letters only, as \"SC\"";
  return options.types[0] == 0 ? "options->types names no type; NULL stands for all" : nullptr;
}

ServerRules rules_of(const finishline_server_options& options) {
  ServerRules rules;
  if (options.types == nullptr) rules.types.set();
  for (const char* letter = options.types; letter != nullptr && *letter != 0; ++letter)
    rules.types.set(static_cast<unsigned char>(*letter));
  if (options.slots > 0) rules.slots = options.slots;
  rules.max_slots = static_cast<std::uint32_t>(std::min<std::uint64_t>(options.max_slots, UINT32_MAX));
  if (options.max_body > 0) rules.max_body = options.max_body;
  if (options.max_waiting > 0) rules.max_waiting = options.max_waiting;
  if (options.max_waiting_bytes > 0) rules.max_waiting_bytes = options.max_waiting_bytes;
  if (options.max_connections > 0) rules.max_connections = options.max_connections;
  return rules;
}

int new_server(const char* address, const finishline_server_options& options, finishline_server** server) {
  auto parsed = AddressList::parse(address);
  if (const auto* const why = std::get_if<std::string>(&parsed)) return bad_argument(why->c_str());
  auto& list = std::get<AddressList>(parsed);
  if (const std::string why = list.resolve(); !why.empty()) return bad_argument(why.c_str());
  if (std::strchr(address, ',') != nullptr) return bad_argument("a worker listens on one address");
  *server = new finishline_server{{list.addresses().front(), rules_of(options)}};
  return FINISHLINE_OK;
}

ServerJob& job_of(finishline_work* work) { return *static_cast<ServerJob*>(work); }

void work_on(Server& server, finishline_handler handler, void* user) {
  finishline_work* work = nullptr;
  while (server.take(kNever, &work) == FINISHLINE_OK) {
    const std::uint64_t serial = job_of(work).serial;
    handler(user, work);
    server.answer_if_left(static_cast<ServerJob*>(work), serial);
  }
}

/// The threads of run() besides the caller's: they have ended when it dies.
class Hands {
 public:
  Hands(Server& server, finishline_handler handler, void* user)
      : server_(server), handler_(handler), user_(user) {
    try {
      server_.hire_by([this](std::uint32_t slots) { grow_to(slots); });
    } catch (...) {
      server_.ask_to_stop();
      join();
      throw;
    }
  }
  ~Hands() {
    server_.hire_by(nullptr);
    join();
  }
  Hands(const Hands&) = delete;

 private:
  /// Where there are fewer slots than threads some of them have nothing to take.
  void grow_to(std::uint32_t slots) {
    const SignalsBlocked blocked;
    while (threads_.size() + 1 < slots) threads_.emplace_back([this] { work_on(server_, handler_, user_); });
  }
  void join() {
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

  Server& server_;
  finishline_handler handler_;
  void* user_;
  std::vector<std::thread> threads_;  // grows with the lock of the server
};

int answer(finishline_work* work, int status, std::uint32_t after_us, std::span<const std::byte> body) {
  return guarded([&] {
    ServerJob& job = job_of(work);
    job.server->answer(&job, status, after_us, body);
    return FINISHLINE_OK;
  });
}

/// Nanos::max() without a deadline.
Nanos time_left(const ServerJob& job, Instant now) {
  return job.deadline == kNever ? Nanos::max() : std::max(job.deadline - now, Nanos(0));
}

int ended() { return failed(FINISHLINE_ENDED, "ended: the server has been stopped, or drained to its end"); }

}  // namespace
}  // namespace finishline::clib

using namespace finishline;
using namespace finishline::clib;

int finishline_server_new(const char* address, const finishline_server_options* options,
                          finishline_server** server) {
  if (server == nullptr || address == nullptr)
    return bad_argument("the address, or the place for the server, is NULL");
  *server = nullptr;
  const finishline_server_options chosen = options == nullptr ? finishline_server_options{} : *options;
  if (const char* const fault = fault_of(chosen)) return bad_argument(fault);
  return guarded([&] { return new_server(address, chosen, server); });
}

const char* finishline_server_address(const finishline_server* server) {
  return server->server.address().c_str();
}

uint32_t finishline_server_slots(finishline_server* server) { return server->server.slots(); }

void finishline_server_free(finishline_server* server) { delete server; }

void finishline_answer(finishline_work* work, int status, const void* body, size_t body_bytes) {
  answer(work, status, 0, {static_cast<const std::byte*>(body), body == nullptr ? 0 : body_bytes});
}

void finishline_answer_later(finishline_work* work, uint32_t after_us) {
  answer(work, FINISHLINE_OVERLOADED, after_us, {});
}

int64_t finishline_time_left_ms(const finishline_work* work) {
  const Nanos left = time_left(*static_cast<const ServerJob*>(work), clock_now());
  return left == Nanos::max() ? -1 : std::chrono::ceil<std::chrono::milliseconds>(left).count();
}

int finishline_wanted(const finishline_work* work) {
  const auto& job = *static_cast<const ServerJob*>(work);
  return guarded([&] { return job.server->wanted(job) ? 1 : 0; });
}

int finishline_server_run(finishline_server* server, finishline_handler handler, void* user) {
  if (server == nullptr || handler == nullptr) return bad_argument("the server or the handler is NULL");
  Server& it = server->server;
  return guarded([&] {
    it.start();
    {
      const Hands hands(it, handler, user);
      work_on(it, handler, user);
    }
    return it.drained() ? FINISHLINE_OK : ended();
  });
}

void finishline_server_drain(finishline_server* server) { server->server.ask_to_drain(); }

void finishline_server_stop(finishline_server* server) { server->server.ask_to_stop(); }

int finishline_server_start(finishline_server* server) {
  if (server == nullptr) return bad_argument("the server is NULL");
  return guarded([&] { return server->server.start(), FINISHLINE_OK; });
}

int finishline_server_take(finishline_server* server, int at_most_ms, finishline_work** work) {
  if (server == nullptr || work == nullptr)
    return bad_argument("the server, or the place for the work, is NULL");
  *work = nullptr;
  return guarded([&] {
    const Instant until = at_most_ms < 0 ? kNever : clock_now() + std::chrono::milliseconds(at_most_ms);
    const int result = server->server.take(until, work);
    if (result == FINISHLINE_ENDED) return ended();
    return result == FINISHLINE_OK
               ? result
               : failed(result, "timed_out: there is no request, or all slots are in use");
  });
}

int finishline_server_fd(const finishline_server* server) { return server->server.descriptor(); }

int finishline_server_timeout_ms(finishline_server* server) {
  return poll_ms(server->server.next_time(), clock_now());
}

int finishline_server_process(finishline_server* server) {
  if (server == nullptr) return bad_argument("the server is NULL");
  return guarded([&] { return server->server.turn(Instant::min()) ? FINISHLINE_OK : ended(); });
}
