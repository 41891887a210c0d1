#include "lb/worker/tls_handshake.h"

#include <utility>

#include "lb/log/log.h"
#include "lb/worker/listener_tls.h"
#include "lb/worker/session_table.h"

namespace finishline::worker {

using ledger::CloseReason;
using ledger::WorkerCell;

namespace {

CloseReason reason_of(tls::TlsFault fault) {
  switch (fault) {
    case tls::TlsFault::no_agreement:
      return CloseReason::tls_no_agreement;
    case tls::TlsFault::certificate:
      return CloseReason::tls_bad_certificate;
    case tls::TlsFault::told_by_peer:
      return CloseReason::tls_refused;
    default:
      return CloseReason::tls_broken;
  }
}

}  // namespace

TlsHandshake::TlsHandshake(const SessionContext& context, const ListenerOptions& options,
                           net::TcpStream stream, const net::Address& peer, const proto::ProxyHeader* told,
                           Secured secured)
    : context_(context),
      options_(options),
      stream_(std::move(stream)),
      peer_(peer),
      told_(told != nullptr ? std::make_unique<const proto::ProxyHeader>(*told) : nullptr),
      secured_(std::move(secured)),
      begun_at_(context.loop.now()) {}

void TlsHandshake::begin() {
  stream_.begin_tls(tls::TlsEngine::accept(*options_.tls->context));
  stream_.start(*this);
}

void TlsHandshake::on_connected() {
  const tls::TlsEngine& engine = *stream_.tls();
  if (engine.resumed() && !options_.tls->context->admits(engine.peer_names()))
    return close(CloseReason::tls_bad_certificate, tls::ServerContext::not_admitted(engine.peer_names()));
  context_.metrics.add(WorkerCell::tls_handshakes);
  if (engine.resumed()) context_.metrics.add(WorkerCell::tls_resumed);
  stream_.pause_reading();
  secured_(*this, std::move(stream_));
}

/// Whoever looks only whether we are here has said nothing.
void TlsHandshake::on_end(net::End end) {
  const tls::TlsEngine& engine = *stream_.tls();
  if (engine.fault() != tls::TlsFault::none) return close(reason_of(engine.fault()), engine.reason());
  close(end.silent() ? CloseReason::client_silent : CloseReason::client_gone, "");
}

void TlsHandshake::check_time(Instant now) {
  if (options_.handshake_timeout > 0ns && now - begun_at_ >= options_.handshake_timeout)
    return close(CloseReason::handshake_timeout, "no TLS handshake in time");
  if (draining_ && now - begun_at_ >= kWhileDraining) close(CloseReason::drained, "");
}

/// The one door out but for the good one.
void TlsHandshake::close(CloseReason reason, const std::string& detail) {
  stream_.finish();
  context_.metrics.close(reason);
  if (!detail.empty() && options_.tls->may_tell(context_.loop.now())) {
    log::write(log::Event::tls_failed, {{"listener", options_.name},
                                        {"client", peer_.to_string()},
                                        {"reason", name_of(reason)},
                                        {"detail", detail}});
  }
  context_.table.retire(*this);
}

}  // namespace finishline::worker
