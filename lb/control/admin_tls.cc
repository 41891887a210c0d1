#include "lb/control/admin_tls.h"

#include <ctime>
#include <string>
#include <utility>
#include <variant>

#include "lb/log/log.h"

namespace finishline::control {

AdminTls::AdminTls(const process::Heritage& heritage)
    : wanted_(heritage.config.proxy.admin_speaks_tls() && heritage.admin_files != nullptr) {
  if (!wanted_) return;
  const config::Proxy& proxy = heritage.config.proxy;
  auto made = tls::ServerContext::make(
      {.id = "proxy.admin",
       .certificates = {{.chain = heritage.admin_files->read(proxy.admin_tls_certificate),
                         .key = heritage.admin_files->read(proxy.admin_key_file()),
                         .ocsp = {}}},
       .protocols = {"http/1.1"}});
  if (const auto* why = std::get_if<std::string>(&made))
    log::write(log::Event::tls_unusable, {{"listener", "proxy.admin"}, {"reason", *why}});
  else
    context_ = std::move(std::get<std::unique_ptr<tls::ServerContext>>(made));
}

void AdminTls::add_to(std::vector<CertificateSnapshot>& certificates) const {
  if (!context_) return;
  const std::int64_t now = std::time(nullptr);
  for (const auto& [name, until] : context_->shown())
    certificates.push_back({"proxy.admin", name, until - now});
}

}  // namespace finishline::control
