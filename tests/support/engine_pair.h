// Both ends of a TLS connection with nothing but two strings between them.
#pragma once

#include <doctest/doctest.h>
#include <openssl/err.h>

#include <array>
#include <memory>
#include <string>
#include <variant>

#include "lb/tls/client_context.h"
#include "lb/tls/engine.h"
#include "lb/tls/server_context.h"
#include "tests/support/certificates.h"

namespace finishline::test {

inline std::unique_ptr<tls::ServerContext> server_context(tls::ServerContext::Options options) {
  auto made = tls::ServerContext::make(std::move(options));
  if (const auto* why = std::get_if<std::string>(&made)) FAIL(*why);
  return std::move(std::get<0>(made));
}
inline std::unique_ptr<tls::ServerContext> server_context(const CertificatePair& pair) {
  tls::ServerContext::Options options{.id = "test"};
  options.certificates.push_back({pair.certificate, pair.key, {}});
  return server_context(std::move(options));
}
inline std::unique_ptr<tls::ClientContext> client_context(tls::ClientContext::Options options) {
  auto made = tls::ClientContext::make(std::move(options));
  if (const auto* why = std::get_if<std::string>(&made)) FAIL(*why);
  return std::move(std::get<0>(made));
}

/// As somebody does who does not look at his errors: it lies in this thread's queue.
inline void leave_tls_error() { ERR_raise(ERR_LIB_SSL, ERR_R_INTERNAL_ERROR); }

class EnginePair {
 public:
  EnginePair(const tls::ServerContext& to, const tls::ClientContext& from)
      : server(tls::TlsEngine::accept(to)), client(tls::TlsEngine::connect(from)) {
    server->send_to(keep, &to_client);
    client->send_to(keep, &to_server);
    client->begin();
  }

  /// Until nothing moves; at most `piece` bytes at a time.
  void pump(std::size_t piece = ~std::size_t{0}) {
    while (!to_server.empty() || !to_client.empty()) {
      move(to_server, *server, at_server, piece);
      move(to_client, *client, at_client, piece);
    }
  }
  /// Whether the handshake came to a good end.
  bool shake_hands(std::size_t piece = ~std::size_t{0}) {
    pump(piece);
    return server->state() == tls::TlsEngine::State::open && client->state() == tls::TlsEngine::State::open;
  }
  static bool say(tls::TlsEngine& engine, std::string_view text) {
    return engine.write(std::as_bytes(std::span(text)));
  }

  std::unique_ptr<tls::TlsEngine> server, client;
  std::string to_server, to_client;  // on the way
  std::string at_server, at_client;  // arrived, decrypted

 private:
  static void keep(void* where, std::span<const std::byte> bytes) {
    static_cast<std::string*>(where)->append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  static void move(std::string& from, tls::TlsEngine& to, std::string& plain, std::size_t piece) {
    const std::string taken = from.substr(0, piece);
    from.erase(0, taken.size());
    auto wire = std::as_bytes(std::span(taken));
    std::array<std::byte, 40000> room;
    while (!wire.empty() && to.state() != tls::TlsEngine::State::failed &&
           to.state() != tls::TlsEngine::State::ended) {
      const std::size_t n = to.read(wire, room);
      plain.append(reinterpret_cast<const char*>(room.data()), n);
    }
    // What is left when a handshake has come to its end, as with whole streams.
    if (to.state() == tls::TlsEngine::State::open) {
      const std::size_t n = to.read(wire, room);
      plain.append(reinterpret_cast<const char*>(room.data()), n);
    }
  }
};

}  // namespace finishline::test
