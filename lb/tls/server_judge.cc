#include "lb/tls/server_judge.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>

#include "lb/tls/certificate.h"
#include "lb/tls/context.h"

namespace finishline::tls {

std::string ServerJudge::judge_for(SSL_CTX* context) {
  set_up_common(context);
  X509_VERIFY_PARAM* const demands = SSL_CTX_get0_param(context);
  if (X509_VERIFY_PARAM_set1_ip_asc(demands, options_.name.c_str()) != 1)
    X509_VERIFY_PARAM_set1_host(demands, options_.name.c_str(), options_.name.size());
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(context, judge, this);
  if (options_.ca.empty()) {
    SSL_CTX_set_default_verify_paths(context);
    return "";
  }
  return trust(context, options_.ca, /*name_them=*/false);
}

int ServerJudge::judge(X509_STORE_CTX* shown, void* self) {
  auto& judge = *static_cast<ServerJudge*>(self);
  judge.refusal_ = judge.fault_of(shown);
  if (judge.refusal_.empty()) return 1;
  X509_STORE_CTX_set_error(shown, X509_V_ERR_APPLICATION_VERIFICATION);
  return 0;
}

std::string ServerJudge::fault_of(X509_STORE_CTX* shown) const {
  const X509* const certificate = X509_STORE_CTX_get0_cert(shown);
  if (!options_.pins.empty()) {
    const bool known = std::ranges::find(options_.pins, sha256_of(*certificate)) != options_.pins.end();
    return known ? "" : "it is another one than the configuration names";
  }
  if (X509_verify_cert(shown) == 1) return "";
  return X509_verify_cert_error_string(X509_STORE_CTX_get_error(shown));
}

}  // namespace finishline::tls
