#include "lb/control/probe.h"

#include <utility>

namespace finishline::control {
namespace {

std::unique_ptr<Dialog> dialog_of(const Probe::Options& options) {
  switch (options.kind) {
    case Probe::Kind::connect:
      return nullptr;
    case Probe::Kind::ping:
      return ping_dialog();
    case Probe::Kind::http:
      return http_dialog(options.path, options.host.empty() ? options.address.to_string() : options.host,
                         options.first_status, options.last_status);
    case Probe::Kind::redis:
      return redis_dialog();
    case Probe::Kind::postgres:
      return postgres_dialog(options.user);
  }
  return nullptr;
}

}  // namespace

Probe::Probe(net::Loop& loop, Options options, std::function<void(const Fault&)> done)
    : loop_(loop),
      options_(std::move(options)),
      done_(std::move(done)),
      patience_(loop, [this] { finish("no answer in time"); }),
      dialog_(dialog_of(options_)) {}

void Probe::start() {
  if (!options_.unresolved.empty()) return finish(options_.unresolved);
  patience_.start(options_.timeout);
  stream_ = net::TcpStream::connect(loop_, options_.address, *this, options_.sources.next());
  if (options_.tls != nullptr) stream_.begin_tls(tls::TlsEngine::connect(*options_.tls));
}

void Probe::on_connected() {
  if (!dialog_) return finish({});
  const std::string question = dialog_->question();
  stream_.write(std::as_bytes(std::span(question)));
}

void Probe::on_bytes(std::span<const std::byte> bytes) {
  if (!dialog_) return;
  if (const auto verdict = dialog_->on_bytes(bytes)) finish(*verdict);
}

void Probe::on_end(net::End end) { finish(end.orderly() ? "closed without an answer" : stream_.why(end)); }

void Probe::finish(const Fault& fault) {
  patience_.stop();
  stream_ = net::TcpStream();
  done_(fault);
}

}  // namespace finishline::control
