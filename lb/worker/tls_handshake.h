// A client that has to shake hands first: until it has, it is no session of its protocol, has no server and
// no request. Then the real session takes its place in the table, and TLS goes on below it. Worker process.
#pragma once

#include <functional>
#include <memory>

#include "lb/net/stream.h"
#include "lb/worker/client_session.h"
#include "lb/worker/session.h"
#include "proto/proxy_header.h"

namespace finishline::worker {

class TlsHandshake final : public Session, private net::StreamEvents {
 public:
  /// `secured` is called once, when the client is known and welcome, and takes over the stream; it must
  /// replace this session. `told`: what a proxy in front of us has said of this connection. Everything
  /// borrowed outlives it; options.tls is there.
  using Secured = std::function<void(TlsHandshake& handshake, net::TcpStream stream)>;
  TlsHandshake(const SessionContext& context, const ListenerOptions& options, net::TcpStream stream,
               const net::Address& peer, const proto::ProxyHeader* told, Secured secured);

  const net::Address& peer() const { return peer_; }
  const proto::ProxyHeader* told() const { return told_.get(); }
  /// It may have begun before it could know that we drain: it has a moment.
  void drain() override { draining_ = true; }
  bool draining() const { return draining_; }
  void drop(ledger::CloseReason reason) override { close(reason, ""); }
  /// It has handshake_timeout from its begin on.
  void check_time(Instant now) override;

 private:
  static constexpr Nanos kWhileDraining = 1s;

  void begin() override;
  void on_connected() override;
  void on_bytes(std::span<const std::byte>) override {}
  void on_end(net::End end) override;
  void close(ledger::CloseReason reason, const std::string& detail);

  const SessionContext& context_;
  const ListenerOptions& options_;
  net::TcpStream stream_;
  net::Address peer_;
  std::unique_ptr<const proto::ProxyHeader> told_;
  Secured secured_;
  Instant begun_at_;
  bool draining_ = false;
};

}  // namespace finishline::worker
