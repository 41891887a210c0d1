// A connection from a proxy in front of us, until its PROXY protocol header is whole and tells the client;
// then the real session takes its place in the table. Reads no byte beyond the header. Worker process.
#pragma once

#include <functional>

#include "lb/net/stream.h"
#include "lb/worker/client_session.h"
#include "lb/worker/session.h"
#include "proto/proxy_header.h"

namespace finishline::worker {

class ProxyHeaderReader final : public Session, private net::StreamEvents {
 public:
  /// `greeted` is called once with the client's address, or the peer's own where the header names nobody, and
  /// takes over the stream; it must replace or retire this session. Everything borrowed outlives it.
  using Greeted =
      std::function<void(ProxyHeaderReader& greeting, net::TcpStream stream, const net::Address& client)>;
  ProxyHeaderReader(const SessionContext& context, const ListenerOptions& options, net::TcpStream stream,
                    const net::Address& peer, Greeted greeted);

  /// What the proxy has said; once greeted.
  const proto::ProxyHeader& header() const { return decoder_.header(); }
  /// Its client may have asked already, behind the header: it has a moment for that.
  void drain() override { draining_ = true; }
  bool draining() const { return draining_; }
  /// The header has header_timeout from the moment of the accept.
  void check_time(Instant now) override;
  /// The one door out but for the good one: also for `greeted`, when the client is not welcome.
  void tell_foreign(std::span<const std::byte> bytes);
  void close(ledger::CloseReason reason);

 private:
  static constexpr Nanos kWhileDraining = 1s;  // from the accept

  void begin() override;
  void on_bytes(std::span<const std::byte> bytes) override;
  void on_end(net::End end) override;
  net::Address client() const;

  const SessionContext& context_;
  const ListenerOptions& options_;
  net::TcpStream stream_;
  net::Address peer_;
  Greeted greeted_;
  proto::ProxyHeaderDecoder decoder_;
  Instant accepted_at_;
  Instant begun_at_{};  // when the first byte came
  bool draining_ = false;
};

}  // namespace finishline::worker
