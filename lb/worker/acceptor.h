// One listener of one worker: takes connections while the worker may have more, makes sessions of them.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "lb/config/config.h"
#include "lb/net/listener.h"
#include "lb/worker/accept_balancer.h"
#include "lb/worker/admission.h"
#include "lb/worker/client_session.h"
#include "lb/worker/foreign_speech.h"
#include "lb/worker/resting_listeners.h"
#include "proto/proxy_header.h"

namespace finishline::worker {

class HelloReader;
class ProxyHeaderReader;
class TlsHandshake;

class Acceptor final : private net::TcpListener::Events, private RestingListeners::Listener {
 public:
  /// `fd` is borrowed; everything referred to outlives the acceptor.
  Acceptor(const SessionContext& context, AcceptBalancer& share, RestingListeners& resting,
           Admission::Options admission, ledger::SourceTable& sources, ListenerOptions options,
           config::Mode mode, int fd);

  /// Takes no more connections. Sessions borrow their options from here: it stays for as long as they do.
  void stop() {
    resting_.forget(*this);
    listener_.reset();
  }
  /// The same, where no other process will take those that wait already.
  void take_last_and_stop() {
    if (listener_) listener_->accept_waiting();
    stop();
  }
  const std::string& name() const { return options_.name; }
  /// What clients are told from now on when they ask.
  void set_description(std::string text) { options_.description = std::move(text); }

 private:
  net::Accept may_accept() override;
  net::Accept look_for_room(Instant now);
  std::optional<Instant> room_at(Instant now) override;
  void resume() override { listener_->resume(); }
  void on_accept(net::TcpStream stream, const net::Address& peer) override;
  void on_accept_error(int error) override;
  /// `told`: by a proxy in front of us, of this connection.
  std::unique_ptr<Session> session_for(net::TcpStream stream, const net::Address& peer,
                                       const proto::ProxyHeader* told = nullptr);

  /// What a connection begins with whose client has been let in.
  std::unique_ptr<Session> first_session(net::TcpStream stream, const net::Address& peer,
                                         const proto::ProxyHeader* told = nullptr);
  void secured(TlsHandshake& handshake, net::TcpStream stream);
  void heard(HelloReader& reader, net::TcpStream stream, const std::string& name, std::string said);
  void greeted(ProxyHeaderReader& greeting, net::TcpStream stream, const net::Address& client);
  void note_source(Session& session, const net::Address& client);
  void refuse(const net::Address& peer, ledger::CloseReason reason);

  const SessionContext& context_;
  AcceptBalancer& share_;
  RestingListeners& resting_;
  Admission admission_;
  ByteBudget::Share memory_;
  ForeignSpeech foreign_;
  ListenerOptions options_;
  std::map<std::string, ListenerOptions> routes_;  // by the plain name of the server
  config::Mode mode_;
  std::optional<net::TcpListener> listener_;  // last: may call as soon as it exists
};

}  // namespace finishline::worker
