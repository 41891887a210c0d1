#include "lb/worker/listener_tls.h"

#include <utility>

#include "lb/tls/certificate_board.h"
#include "lb/tls/ticket_keys.h"

namespace finishline::worker {
namespace {

using MadeListenerTls = std::variant<std::unique_ptr<ListenerTls>, std::string>;

MadeListenerTls make_listener_tls(const process::Heritage& heritage, const config::Listener& listener) {
  if (!listener.speaks_tls() || heritage.listener_files == nullptr) return std::unique_ptr<ListenerTls>();
  const process::CredentialFiles& files = *heritage.listener_files;
  const bool tickets =
      listener.tls_tickets && heritage.ticket_keys != nullptr && heritage.ticket_keys->newest();
  tls::ServerContext::Options options{.id = listener.name,
                                      .min_version = listener.tls_min_version,
                                      .protocols = listener.tls_alpn,
                                      .client_auth = listener.tls_client_auth,
                                      .client_ca = files.read(listener.tls_client_ca),
                                      .allow_subjects = listener.tls_allow_subjects,
                                      .tickets = tickets ? heritage.ticket_keys : nullptr};
  for (std::size_t i = 0; i < listener.tls_certificates.size(); ++i)
    options.certificates.push_back(
        {.chain = files.read(listener.tls_certificates[i]),
         .key = files.read(listener.key_file(i)),
         .ocsp = i < listener.tls_ocsp.size() ? files.read(listener.tls_ocsp[i]) : ""});
  auto made = tls::ServerContext::make(std::move(options));
  if (const auto* why = std::get_if<std::string>(&made))
    return "listener '" + listener.name + "' cannot speak TLS: " + *why;
  auto tls = std::make_unique<ListenerTls>();
  tls->context = std::move(std::get<std::unique_ptr<tls::ServerContext>>(made));
  return tls;
}

}  // namespace

std::variant<std::vector<std::unique_ptr<ListenerTls>>, std::string> make_all_listener_tls(
    const process::Heritage& heritage) {
  std::vector<std::unique_ptr<ListenerTls>> all;
  std::vector<tls::CertificateBoard::Notice> notices;
  for (const config::Listener& listener : heritage.config.listeners) {
    auto made = make_listener_tls(heritage, listener);
    if (auto* why = std::get_if<std::string>(&made)) return std::move(*why);
    all.push_back(std::move(std::get<std::unique_ptr<ListenerTls>>(made)));
    if (!all.back()) continue;
    for (const auto& [name, until] : all.back()->context->shown())
      notices.push_back({listener.name, name, until});
  }
  if (heritage.certificates != nullptr) heritage.certificates->write(heritage.revision, notices);
  return all;
}

}  // namespace finishline::worker
