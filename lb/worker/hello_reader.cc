#include "lb/worker/hello_reader.h"

#include <limits>
#include <utility>

#include "lb/log/log.h"
#include "lb/worker/session_table.h"

namespace finishline::worker {

using ledger::CloseReason;
using HelloStep = tls::ClientHelloDecoder::Step;

HelloReader::HelloReader(const SessionContext& context, const ListenerOptions& options, net::TcpStream stream,
                         const net::Address& peer, const proto::ProxyHeader* told, Heard heard)
    : context_(context),
      options_(options),
      stream_(std::move(stream)),
      peer_(peer),
      told_(told != nullptr ? std::make_unique<const proto::ProxyHeader>(*told) : nullptr),
      heard_(std::move(heard)),
      accepted_at_(context.loop.now()) {}

void HelloReader::begin() {
  stream_.limit_read(tls::ClientHelloDecoder::kMostBytes);
  stream_.start(*this);
}

void HelloReader::on_bytes(std::span<const std::byte> bytes) {
  said_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const HelloStep step = decoder_.feed(bytes);
  if (step == HelloStep::bad ||
      (step == HelloStep::need_more && said_.size() > 2 * tls::ClientHelloDecoder::kMostBytes))
    return close(CloseReason::tls_broken);
  if (step == HelloStep::need_more) return;
  stream_.pause_reading();
  stream_.limit_read(std::numeric_limits<std::size_t>::max());
  heard_(*this, std::move(stream_), decoder_.server_name(), std::move(said_));
}

/// Whoever looks only whether we are here has said nothing.
void HelloReader::on_end(net::End end) {
  if (!end.orderly()) return close(reason_of(end));
  close(said_.empty() ? CloseReason::client_closed : CloseReason::tls_broken);
}

void HelloReader::check_time(Instant now) {
  if (options_.handshake_timeout > 0ns && now - accepted_at_ >= options_.handshake_timeout)
    return close(CloseReason::handshake_timeout);
  if (draining_ && now - accepted_at_ >= kWhileDraining) close(CloseReason::drained);
}

void HelloReader::close(CloseReason reason) {
  stream_.reset();
  context_.metrics.close(reason);
  log::write(log::Event::client_refused,
             {{"listener", options_.name}, {"client", peer_.to_string()}, {"reason", name_of(reason)}});
  context_.table.retire(*this);
}

}  // namespace finishline::worker
