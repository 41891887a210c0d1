#include "lb/worker/proxy_header_reader.h"

#include <limits>
#include <utility>

#include "lb/log/log.h"
#include "lb/worker/foreign_speech.h"
#include "lb/worker/session_table.h"

namespace finishline::worker {

using ledger::CloseReason;
using Step = proto::ProxyHeaderDecoder::Step;

ProxyHeaderReader::ProxyHeaderReader(const SessionContext& context, const ListenerOptions& options,
                                     net::TcpStream stream, const net::Address& peer, Greeted greeted)
    : context_(context),
      options_(options),
      stream_(std::move(stream)),
      peer_(peer),
      greeted_(std::move(greeted)),
      accepted_at_(context.loop.now()) {}

void ProxyHeaderReader::begin() {
  stream_.limit_read(decoder_.wanted());
  stream_.start(*this);
}

void ProxyHeaderReader::on_bytes(std::span<const std::byte> bytes) {
  if (begun_at_ == Instant{}) begun_at_ = context_.loop.now();
  switch (decoder_.feed(bytes)) {
    case Step::need_more:
      return stream_.limit_read(decoder_.wanted());
    case Step::bad:
      tell_foreign(bytes);
      return close(CloseReason::bad_proxy_header);
    case Step::done:
      break;
  }
  stream_.pause_reading();
  stream_.limit_read(std::numeric_limits<std::size_t>::max());
  greeted_(*this, std::move(stream_), client());
}

/// Where the header names nobody, it is the proxy's own connection.
net::Address ProxyHeaderReader::client() const {
  const proto::ProxyHeader& header = decoder_.header();
  const bool named = header.family != proto::ProxyHeader::Family::none;
  return named ? net::Address(header.source_host(), header.source_port) : peer_;
}

/// Whoever looks only whether we are here has said nothing.
void ProxyHeaderReader::on_end(net::End end) {
  const bool silent = decoder_.wanted() == proto::ProxyHeaderDecoder().wanted();
  if (!end.orderly()) return close(reason_of(end));
  close(silent ? CloseReason::client_closed : CloseReason::bad_proxy_header);
}

void ProxyHeaderReader::check_time(Instant now) {
  if (begun_at_ != Instant{} && options_.header_timeout > 0ns && now - begun_at_ >= options_.header_timeout)
    return close(CloseReason::header_timeout);
  if (options_.handshake_timeout > 0ns && now - accepted_at_ >= options_.handshake_timeout)
    return close(CloseReason::handshake_timeout);
  if (draining_ && now - accepted_at_ >= kWhileDraining) close(CloseReason::drained);
}

void ProxyHeaderReader::tell_foreign(std::span<const std::byte> bytes) {
  if (options_.foreign == nullptr) return;
  const auto note = options_.foreign->note(bytes, context_.loop.now());
  if (!note) return;
  log::write(log::Event::foreign_bytes,
             {{"listener", options_.name},
              {"client", peer_.to_string()},
              {"bytes", note->hex},
              {"text", note->text},
              {"looks_like", note->looks_like},
              {"remedy",
               "who is in proxy_from has to send a PROXY header first: have it send one (HAProxy: "
               "send-proxy), or take its network out of proxy_from"}});
}

void ProxyHeaderReader::close(CloseReason reason) {
  stream_.reset();  // if it was not handed on
  context_.metrics.close(reason);
  log::write(log::Event::client_refused,
             {{"listener", options_.name}, {"client", peer_.to_string()}, {"reason", name_of(reason)}});
  context_.table.retire(*this);
}

}  // namespace finishline::worker
