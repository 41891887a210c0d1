#include "lb/process/server_tls.h"

#include <utility>

#include "lb/log/log.h"

namespace finishline::process {

std::string tls_key_of(const config::Server& server) {
  if (!server.tls) return "";
  std::string key = "tls " + server.tls_server_name() + '\n' + (server.tls_verify ? "verified" : "any") +
                    '\n' + server.tls_ca + '\n' + server.tls_certificate + '\n' + server.tls_key;
  for (const std::string& pin : server.tls_pins) key += '\n' + pin;
  return key;
}

const tls::ClientContext* ServerTls::of(const config::Server& server) {
  if (!server.tls) return nullptr;
  std::unique_ptr<tls::ClientContext>& context = contexts_[server.name + '\n' + tls_key_of(server)];
  if (!context) context = make(server);
  return context.get();
}

std::unique_ptr<tls::ClientContext> ServerTls::make(const config::Server& server) {
  using Made = std::unique_ptr<tls::ClientContext>;
  const auto read = [&](const std::string& file) {
    return files_ == nullptr || file.empty() ? std::string() : files_->read(file);
  };
  const std::string& key = server.tls_key.empty() ? server.tls_certificate : server.tls_key;
  tls::ClientContext::Options options{
      .name = server.tls_server_name(),
      .verify = server.tls_verify,
      .ca = read(server.tls_ca),
      .own = {.chain = read(server.tls_certificate), .key = read(key), .ocsp = {}},
      .pins = server.tls_pins};
  const bool lost = !server.tls_ca.empty() && options.ca.empty();
  auto made = lost ? std::variant<Made, std::string>("its CA file is not there")
                   : tls::ClientContext::make(std::move(options));
  if (auto* context = std::get_if<Made>(&made)) return std::move(*context);
  log::write(log::Event::tls_unusable, {{"server", server.name}, {"reason", std::get<std::string>(made)}});
  return std::get<Made>(tls::ClientContext::make({.name = server.tls_server_name(), .pins = {"none"}}));
}

}  // namespace finishline::process
