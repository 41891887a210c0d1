// A client of the C library and the other side that a test plays for it.
#pragma once

#include <poll.h>

#include <chrono>
#include <future>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "proto/c/finishline.h"
#include "tests/support/tcp_peer.h"

namespace finishline::test {

/// A completion with a copy of its body.
struct Told {
  finishline_ticket ticket = 0;
  int result = 0;
  unsigned attempts = 0;
  std::uint32_t service_us = 0;
  std::uint32_t origin = 0;
  std::string body;
  std::string words;  // of finishline_error()
};

inline finishline_call call_of(std::string_view body = {}, unsigned char flags = 0) {
  finishline_call call{};
  call.type = 'V';
  call.length = 5;
  call.flags = flags;
  call.body = body.data();
  call.body_bytes = body.size();
  return call;
}

/// Pauses of a millisecond, so that tests do not wait.
inline finishline_client_options hasty() {
  finishline_client_options options{};
  options.first_pause_ms = options.longest_pause_ms = 1;
  options.timeout_ms = 20'000;
  return options;
}

class CClient {
 public:
  explicit CClient(const std::string& addresses, const finishline_client_options& options = hasty()) {
    if (finishline_client_new(addresses.c_str(), &options, &client_) != FINISHLINE_OK)
      throw std::runtime_error(finishline_error());
  }
  explicit CClient(const TcpHost& host, const finishline_client_options& options = hasty())
      : CClient("127.0.0.1:" + std::to_string(host.port()), options) {}
  ~CClient() { finishline_client_free(client_); }
  CClient(const CClient&) = delete;

  finishline_client* get() const { return client_; }

  /// Its completion comes into `told`.
  finishline_ticket submit(const finishline_call& call) {
    finishline_ticket ticket = 0;
    if (finishline_submit(client_, &call, &CClient::hear, this, &ticket) != FINISHLINE_OK)
      throw std::runtime_error(finishline_error());
    return ticket;
  }
  std::vector<Told> told;

  /// One turn of an event loop that waits as it is told to, but never long.
  void turn() {
    pollfd entry{finishline_client_fd(client_), POLLIN, 0};
    const int ms = finishline_client_timeout_ms(client_);
    ::poll(&entry, 1, ms < 0 || ms > 20 ? 20 : ms);
    finishline_client_process(client_);
  }
  /// False when it does not come to that in time.
  template <class Done>
  bool turn_until(Done done) {
    const auto end = std::chrono::steady_clock::now() + patience();
    while (!done()) {
      if (std::chrono::steady_clock::now() >= end) return false;
      turn();
    }
    return true;
  }
  bool hears(std::size_t count) {
    return turn_until([&] { return told.size() >= count; });
  }
  /// What `script` returns, which plays the other side while this one turns.
  template <class Script>
  auto against(Script script) {
    auto result = std::async(std::launch::async, std::move(script));
    turn_until([&] { return result.wait_for(std::chrono::seconds(0)) == std::future_status::ready; });
    return result.get();
  }

 private:
  static void hear(void* user, finishline_ticket ticket, const finishline_reply* reply) {
    const auto body = std::string_view(static_cast<const char*>(reply->body), reply->body_bytes);
    static_cast<CClient*>(user)->told.push_back({ticket, reply->result, reply->attempts, reply->service_us,
                                                 reply->origin, std::string(body), finishline_error()});
  }

  finishline_client* client_ = nullptr;
};

/// The reply to a request that a peer has read.
inline proto::FrameHeader answer_to(const TcpPeer::Reply& asked, proto::Status status = proto::Status::ok) {
  return {.kind = proto::Kind::reply,
          .type = asked.header.type,
          .flags = asked.header.flags,
          .id = asked.header.id,
          .length = asked.header.length,
          .detail = static_cast<std::uint32_t>(status)};
}

}  // namespace finishline::test
