#include "client/certificate_look.h"

#include <variant>

#include "client/tls.h"
#include "lb/net/stream.h"
#include "lb/net/timer.h"
#include "proto/joined.h"

namespace finishline::client {
namespace {

constexpr Nanos kPatience = 2s;

/// One handshake, and what was shown in it.
class Look final : net::StreamEvents {
 public:
  Look(net::Loop& loop, const Route& route, const tls::ClientContext& context)
      : loop_(loop), patience_(loop, [this] { loop_.stop(); }) {
    stream_ = net::TcpStream::connect(loop, route.target, *this);
    stream_.begin_tls(tls::TlsEngine::connect(context));
  }

  std::vector<std::string> run() {
    patience_.start(kPatience);
    if (!ended_) loop_.run();
    stream_ = {};
    return std::move(names_);
  }

 private:
  void on_connected() override {
    names_ = stream_.tls()->peer_names();
    loop_.stop();
  }
  void on_bytes(std::span<const std::byte>) override {}
  void on_end(net::End) override {
    ended_ = true;
    loop_.stop();
  }

  net::Loop& loop_;
  net::Timer patience_;
  net::TcpStream stream_;
  std::vector<std::string> names_;
  bool ended_ = false;
};

}  // namespace

std::vector<std::string> certificate_names(net::Loop& loop, const Route& route, const Options& options) {
  Options unchecked = options;
  unchecked.insecure = true;
  unchecked.ca.clear();
  const auto context = tls_of(unchecked);
  const auto* made = std::get_if<std::shared_ptr<const tls::ClientContext>>(&context);
  if (made == nullptr || *made == nullptr) return {};
  return Look(loop, route, **made).run();
}

std::string untrusted(const std::string& why, const std::vector<std::string>& names, const Options& options) {
  std::string text = options.connect + " cannot be trusted: " + why;
  if (!names.empty()) text += "; its certificate is for " + joined(names);
  return text +
         ". Give the certificate that it leads to with --ca FILE, the name that it has with "
         "--server-name NAME, or take any with --insecure";
}

}  // namespace finishline::client
