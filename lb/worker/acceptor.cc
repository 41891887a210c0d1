#include "lb/worker/acceptor.h"

#include <cstring>
#include <memory>
#include <utility>

#include "lb/log/log.h"
#include "lb/worker/frame_session.h"
#include "lb/worker/mini_session.h"
#include "lb/worker/session_table.h"
#include "lb/worker/stream_session.h"

namespace finishline::worker {

Acceptor::Acceptor(const SessionContext& context, ConnectionShare& share, ListenerOptions options,
                   config::Mode mode, int fd)
    : context_(context),
      share_(share),
      options_(std::move(options)),
      mode_(mode),
      listener_(net::TcpListener(context.loop, fd, *this)) {
  log::write(log::Event::listening, {{"listener", options_.name}, {"address", listener_->address().to_string()}});
}

void Acceptor::on_accept(net::TcpStream stream, const net::Address& peer) {
  context_.table.add(session_for(std::move(stream), peer));
}

std::unique_ptr<Session> Acceptor::session_for(net::TcpStream stream, const net::Address& peer) {
  switch (mode_) {
    case config::Mode::mini:
      return std::make_unique<MiniSession>(context_, options_, std::move(stream), peer);
    case config::Mode::stream:
      return std::make_unique<StreamSession>(context_, options_, std::move(stream), peer);
    case config::Mode::frame:
      break;
  }
  return std::make_unique<FrameSession>(context_, options_, std::move(stream), peer);
}

void Acceptor::on_accept_error(int error) {
  context_.metrics.add(ledger::WorkerCell::accept_errors);
  log::write(log::Event::accept_failed, {{"listener", options_.name}, {"reason", std::strerror(error)}});
}

}  // namespace finishline::worker
