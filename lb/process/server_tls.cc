#include "lb/process/server_tls.h"

#include <utility>

#include "lb/log/log.h"

namespace finishline::process {

namespace {

std::string key_of(const config::TlsOut& how, const std::string& name) {
  std::string key = "tls " + name + '\n' + (how.tls_verify ? "verified" : "any") + '\n' + how.tls_ca + '\n' +
                    how.tls_certificate + '\n' + how.tls_key;
  for (const std::string& pin : how.tls_pins) key += '\n' + pin;
  return key;
}

}  // namespace

std::string tls_key_of(const config::Server& server) {
  return server.tls ? key_of(server, server.tls_server_name()) : "";
}

const tls::ClientContext* ServerTls::of(const config::Server& server) {
  return of(server.name, server, server.tls_server_name());
}

const tls::ClientContext* ServerTls::of(const std::string& owner, const config::TlsOut& how,
                                        const std::string& name) {
  if (!how.tls) return nullptr;
  std::unique_ptr<tls::ClientContext>& context = contexts_[owner + '\n' + key_of(how, name)];
  if (!context) context = make(owner, how, name);
  return context.get();
}

std::unique_ptr<tls::ClientContext> ServerTls::make(const std::string& owner, const config::TlsOut& how,
                                                    const std::string& name) {
  using Made = std::unique_ptr<tls::ClientContext>;
  const auto read = [&](const std::string& file) {
    return files_ == nullptr || file.empty() ? std::string() : files_->read(file);
  };
  tls::ClientContext::Options options{
      .name = name,
      .verify = how.tls_verify,
      .ca = read(how.tls_ca),
      .own = {.chain = read(how.tls_certificate), .key = read(how.tls_key_file()), .ocsp = {}},
      .pins = how.tls_pins};
  const bool lost = !how.tls_ca.empty() && options.ca.empty();
  auto made = lost ? std::variant<Made, std::string>("its CA file is not there")
                   : tls::ClientContext::make(std::move(options));
  if (auto* context = std::get_if<Made>(&made)) return std::move(*context);
  log::write(log::Event::tls_unusable, {{"server", owner}, {"reason", std::get<std::string>(made)}});
  return std::get<Made>(tls::ClientContext::make({.name = name, .pins = {"none"}}));
}

}  // namespace finishline::process
