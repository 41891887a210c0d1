#include "client/certificate_look.h"

#include <optional>
#include <string_view>
#include <variant>
#include <vector>

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

  /// The names in the certificate, as "DNS:media.example"; nothing when it did not come to a certificate.
  std::optional<std::vector<std::string>> run() {
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
  std::optional<std::vector<std::string>> names_;
  bool ended_ = false;
};

std::optional<std::vector<std::string>> look(net::Loop& loop, const Route& route, const Options& options) {
  Options unchecked = options;
  unchecked.tls = unchecked.insecure = true;
  unchecked.ca.clear();
  const auto context = tls_of(unchecked);
  const auto* made = std::get_if<std::shared_ptr<const tls::ClientContext>>(&context);
  return made == nullptr ? std::nullopt : Look(loop, route, **made).run();
}

/// The reason alone.
std::string_view bare(std::string_view why) {
  constexpr std::string_view kPrefix = "TLS: ";
  return why.starts_with(kPrefix) ? why.substr(kPrefix.size()) : why;
}

std::string untrusted(const std::string& why, const std::vector<std::string>& names, const Options& options) {
  std::string text = options.connect + " cannot be trusted: " + why;
  if (!names.empty()) text += "; its certificate is for " + joined(names);
  return text +
         ". Give the certificate that it leads to with --ca FILE, the name that it has with "
         "--server-name NAME, or take any with --insecure";
}

}  // namespace

std::string tls_failure(net::Loop& loop, const Route& route, const Options& options, tls::TlsFault fault,
                        const std::string& why) {
  if (fault == tls::TlsFault::certificate)
    return untrusted(why, look(loop, route, options).value_or(std::vector<std::string>()), options);
  if (fault == tls::TlsFault::not_tls)
    return options.connect + " does not speak TLS (" + std::string(bare(why)) +
           "): leave out --tls, or give the address of a listener that has tls_certificates";
  return options.connect + " and we cannot agree on TLS: " + std::string(bare(why));
}

bool speaks_tls(net::Loop& loop, const Route& route, const Options& options) {
  return !options.tls && look(loop, route, options).has_value();
}

std::string lacks_tls(const Options& options) {
  return options.connect +
         " speaks TLS: add --tls, and --ca FILE where the system does not know its certificate";
}

}  // namespace finishline::client
