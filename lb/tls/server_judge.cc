#include "lb/tls/server_judge.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <utility>
#include <variant>
#include <vector>

#include "lb/tls/context.h"

namespace finishline::tls {

ServerJudge::ServerJudge(Options options) : options_(std::move(options)) {
  if (options_.known.empty()) return;
  auto read = read_chain(options_.known);
  if (auto* chain = std::get_if<CertificateChain>(&read)) known_ = std::move(*chain);
}

std::string ServerJudge::judge_for(SSL_CTX* context) {
  set_up_common(context);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(context, judge, this);
  if (!options_.ca.empty()) return trust(context, options_.ca, /*name_them=*/false);
  if (!known_.leaf) {
    SSL_CTX_set_default_verify_paths(context);
    return "";
  }
  // Those behind it need not lead as far as a root.
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
  for (const Handle<X509>& issuer : known_.issuers)
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context), issuer.get()) != 1) return last_complaint();
  return "";
}

int ServerJudge::judge(X509_STORE_CTX* shown, void* self) {
  auto& judge = *static_cast<ServerJudge*>(self);
  judge.refusal_ = judge.fault_of(shown);
  if (judge.refusal_.empty()) return 1;
  X509_STORE_CTX_set_error(shown, X509_V_ERR_APPLICATION_VERIFICATION);
  return 0;
}

std::string ServerJudge::fault_of(X509_STORE_CTX* shown) const {
  X509* const certificate = X509_STORE_CTX_get0_cert(shown);
  if (options_.ca.empty() && known_.leaf) {
    if (belongs_to(*X509_get0_pubkey(known_.leaf.get()), *certificate)) return "";
    if (known_.issuers.empty()) return "it has another key than the one that the configuration names";
  }
  if (X509_verify_cert(shown) != 1) return X509_verify_cert_error_string(X509_STORE_CTX_get_error(shown));
  return has_its_name(*certificate) ? "" : "it is not for " + options_.name;
}

bool ServerJudge::has_its_name(X509& certificate) const {
  if (X509_check_ip_asc(&certificate, options_.name.c_str(), 0) == 1 ||
      X509_check_host(&certificate, options_.name.c_str(), options_.name.size(), 0, nullptr) == 1)
    return true;
  if (!known_.leaf) return false;
  const std::vector<std::string> names = names_of(certificate);
  return std::ranges::any_of(names_of(*known_.leaf), [&](const std::string& name) {
    return std::ranges::find(names, name) != names.end();
  });
}

}  // namespace finishline::tls
