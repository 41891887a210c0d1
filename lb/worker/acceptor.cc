#include "lb/worker/acceptor.h"

#include <cstring>
#include <memory>
#include <utility>

#include "lb/log/log.h"
#include "lb/tls/server_name.h"
#include "lb/worker/byte_budget.h"
#include "lb/worker/frame_session.h"
#include "lb/worker/hello_reader.h"
#include "lb/worker/http_session.h"
#include "lb/worker/mini_session.h"
#include "lb/worker/proxy_header_reader.h"
#include "lb/worker/session_table.h"
#include "lb/worker/source_host.h"
#include "lb/worker/stream_session.h"
#include "lb/worker/tls_handshake.h"

namespace finishline::worker {
namespace {

Expected expected_in(config::Mode mode) {
  if (mode == config::Mode::http) return Expected::http_of_client;
  return mode == config::Mode::mini ? Expected::words_of_client : Expected::frames_of_client;
}

}  // namespace

Acceptor::Acceptor(const SessionContext& context, AcceptBalancer& share, RestingListeners& resting,
                   Admission::Options admission, ledger::SourceTable& sources, ListenerOptions options,
                   config::Mode mode, int fd)
    : context_(context),
      share_(share),
      resting_(resting),
      admission_(std::move(admission), sources, context.metrics, context.loop.now()),
      foreign_(expected_in(mode)),
      options_(std::move(options)),
      mode_(mode),
      listener_(net::TcpListener(context.loop, fd, *this)) {
  options_.admission = &admission_;
  options_.memory = &memory_;
  options_.foreign = &foreign_;
  for (const StreamRoute& route : options_.routes) {
    ListenerOptions& its = routes_.emplace(tls::plain_name(route.name), options_).first->second;
    its.pool = route.pool;
    its.streams = route.streams;
  }
  net::set_tcp_timeouts(fd, options_.tcp_timeouts);  // of all connections that are accepted there
  if (mode != config::Mode::stream) net::limit_unsent(fd, options_.max_buffer);
  log::write(log::Event::listening,
             {{"listener", options_.name}, {"address", listener_->address().to_string()}});
}

net::Accept Acceptor::may_accept() {
  const net::Accept answer = look_for_room(context_.loop.now());
  if (answer != net::Accept::later || resting_.rest(*this)) return answer;
  return net::Accept::next_turn;
}

std::optional<Instant> Acceptor::room_at(Instant now) {
  if (look_for_room(now) != net::Accept::later) return now;
  const Nanos wait = admission_.wait_for_rate(now);
  return wait > 0ns ? std::optional(now + wait) : std::nullopt;
}

net::Accept Acceptor::look_for_room(Instant now) {
  if (context_.budget.desperate()) return net::Accept::later;
  const net::Accept room = admission_.may_accept(now);
  return room == net::Accept::yes ? share_.may_accept(now) : room;
}

void Acceptor::on_accept(net::TcpStream stream, const net::Address& peer) {
  const Instant now = context_.loop.now();
  Tickets tickets{admission_.enter_listener(now), {}, {}, admission_.count_connection()};
  if (net::contains(options_.proxy_from, peer)) {
    auto greeting = std::make_unique<ProxyHeaderReader>(
        context_, options_, std::move(stream), peer,
        [this](ProxyHeaderReader& it, net::TcpStream its, const net::Address& client) {
          greeted(it, std::move(its), client);
        });
    greeting->hold(std::move(tickets));
    return context_.table.add(std::move(greeting));
  }
  if (const auto reason = admission_.admit(peer, now, tickets.source)) return refuse(peer, *reason);
  auto session = first_session(std::move(stream), peer);
  note_source(*session, peer);
  session->hold(std::move(tickets));
  context_.table.add(std::move(session));
}

/// The header has told who the client is: lists and limits are about that one, not about the proxy.
void Acceptor::greeted(ProxyHeaderReader& greeting, net::TcpStream stream, const net::Address& client) {
  Tickets tickets = greeting.give_up_tickets();
  if (const auto reason = admission_.admit(client, context_.loop.now(), tickets.source))
    return greeting.close(*reason);
  auto session = first_session(std::move(stream), client, &greeting.header());
  note_source(*session, client);
  session->hold(std::move(tickets));
  if (greeting.draining()) session->drain();
  context_.table.replace(greeting, std::move(session));
}

/// A client has been let in.
void Acceptor::note_source(Session& session, const net::Address& client) {
  session.serve(source_host(client));
  context_.metrics.sources().connection(session.host(), context_.loop.now());
}

std::unique_ptr<Session> Acceptor::first_session(net::TcpStream stream, const net::Address& peer,
                                                 const proto::ProxyHeader* told) {
  if (options_.tls != nullptr)
    return std::make_unique<TlsHandshake>(
        context_, options_, std::move(stream), peer, told,
        [this](TlsHandshake& it, net::TcpStream its) { secured(it, std::move(its)); });
  if (!routes_.empty())
    return std::make_unique<HelloReader>(
        context_, options_, std::move(stream), peer, told,
        [this](HelloReader& it, net::TcpStream its, const std::string& name, std::string said) {
          heard(it, std::move(its), name, std::move(said));
        });
  return session_for(std::move(stream), peer, told);
}

void Acceptor::secured(TlsHandshake& handshake, net::TcpStream stream) {
  auto session = session_for(std::move(stream), handshake.peer(), handshake.told());
  session->serve(handshake.host());
  Tickets tickets = handshake.give_up_tickets();
  tickets.tls = TlsTicket(context_.metrics);
  session->hold(std::move(tickets));
  if (handshake.draining()) session->drain();
  context_.table.replace(handshake, std::move(session));
}

void Acceptor::heard(HelloReader& reader, net::TcpStream stream, const std::string& name, std::string said) {
  const auto route = tls::find_name(routes_, name);
  auto session =
      std::make_unique<StreamSession>(context_, route == routes_.end() ? options_ : route->second,
                                      std::move(stream), reader.peer(), reader.told(), std::move(said));
  session->serve(reader.host());
  session->hold(reader.give_up_tickets());
  context_.table.replace(reader, std::move(session));
}

std::unique_ptr<Session> Acceptor::session_for(net::TcpStream stream, const net::Address& peer,
                                               const proto::ProxyHeader* told) {
  switch (mode_) {
    case config::Mode::mini:
      return std::make_unique<MiniSession>(context_, options_, std::move(stream), peer);
    case config::Mode::http:
      return std::make_unique<HttpSession>(context_, options_, std::move(stream), peer);
    case config::Mode::stream:
      return std::make_unique<StreamSession>(context_, options_, std::move(stream), peer, told);
    case config::Mode::frame:
      break;
  }
  return std::make_unique<FrameSession>(context_, options_, std::move(stream), peer);
}

/// Accepted and closed at once: both counted, so that the sums hold.
void Acceptor::refuse(const net::Address& peer, ledger::CloseReason reason) {
  context_.metrics.add(ledger::WorkerCell::connections_accepted);
  context_.metrics.close(reason);
  if (!log::enabled(log::Level::debug)) return;
  log::write(log::Event::client_refused,
             {{"listener", options_.name}, {"client", peer.to_string()}, {"reason", name_of(reason)}});
}

void Acceptor::on_accept_error(int error) {
  context_.metrics.add(ledger::WorkerCell::accept_errors);
  log::write(log::Event::accept_failed, {{"listener", options_.name}, {"reason", std::strerror(error)}});
}

}  // namespace finishline::worker
