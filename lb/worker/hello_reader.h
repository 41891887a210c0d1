// A connection whose TLS is not ended here, until the client has said which server it wants: its hello is
// read, not changed, and goes first to a server of the pool of that name. Worker process.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "lb/net/stream.h"
#include "lb/tls/client_hello.h"
#include "lb/worker/client_session.h"
#include "lb/worker/session.h"
#include "proto/proxy_header.h"

namespace finishline::worker {

class HelloReader final : public Session, private net::StreamEvents {
 public:
  /// `heard` is called once with the name that the client asks for ("": none) and all that it has said, and
  /// takes over the stream; it must replace this session. Everything borrowed outlives it.
  using Heard = std::function<void(HelloReader& reader, net::TcpStream stream, const std::string& name,
                                   std::string said)>;
  HelloReader(const SessionContext& context, const ListenerOptions& options, net::TcpStream stream,
              const net::Address& peer, const proto::ProxyHeader* told, Heard heard);

  const net::Address& peer() const { return peer_; }
  const proto::ProxyHeader* told() const { return told_.get(); }
  void drain() override { draining_ = true; }
  bool draining() const { return draining_; }
  std::size_t held() const override { return said_.size(); }
  void drop(ledger::CloseReason reason) override { close(reason); }
  /// The hello has handshake_timeout from the moment of the accept.
  void check_time(Instant now) override;

 private:
  static constexpr Nanos kWhileDraining = 1s;

  void begin() override;
  void on_bytes(std::span<const std::byte> bytes) override;
  void on_end(net::End end) override;
  void close(ledger::CloseReason reason);

  const SessionContext& context_;
  const ListenerOptions& options_;
  net::TcpStream stream_;
  net::Address peer_;
  std::unique_ptr<const proto::ProxyHeader> told_;
  Heard heard_;
  tls::ClientHelloDecoder decoder_;
  std::string said_;
  Instant accepted_at_;
  bool draining_ = false;
};

}  // namespace finishline::worker
