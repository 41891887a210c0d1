#include "lb/tls/client_context.h"

#include <arpa/inet.h>
#include <openssl/crypto.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <utility>

#include "lb/tls/certificate.h"
#include "lb/tls/context.h"

namespace finishline::tls {
namespace {

bool is_host_number(const std::string& name) {
  in6_addr address{};
  return ::inet_pton(AF_INET, name.c_str(), &address) == 1 ||
         ::inet_pton(AF_INET6, name.c_str(), &address) == 1;
}

}  // namespace

std::variant<std::unique_ptr<ClientContext>, std::string> ClientContext::make(Options options) {
  std::unique_ptr<ClientContext> made(new ClientContext(std::move(options)));
  if (std::string why = made->set_up(); !why.empty()) return why;
  return made;
}

ClientContext::~ClientContext() {
  if (context_) SSL_CTX_sess_set_new_cb(context_.get(), nullptr);
}

/// "" or why not.
std::string ClientContext::set_up() {
  context_.reset(SSL_CTX_new(TLS_client_method()));
  SSL_CTX* const context = context_.get();
  set_up_common(context);
  SSL_CTX_set_app_data(context, this);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, keep_session);
  std::string protocols;
  for (const std::string& protocol : options_.protocols)
    protocols += static_cast<char>(protocol.size()) + protocol;
  SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>(protocols.data()),
                          static_cast<unsigned>(protocols.size()));
  if (options_.verify) {
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    if (options_.ca.empty()) {
      SSL_CTX_set_default_verify_paths(context);
    } else if (std::string why = trust(context, options_.ca, false); !why.empty()) {
      return "the CA: " + why;
    }
  }
  return options_.own.chain.empty() ? "" : show_own();
}

std::string ClientContext::show_own() {
  auto read = read_chain(options_.own.chain);
  if (auto* why = std::get_if<std::string>(&read)) return std::move(*why);
  auto& chain = std::get<CertificateChain>(read);
  auto key = read_key(options_.own.key);
  OPENSSL_cleanse(options_.own.key.data(), options_.own.key.size());
  options_.own.key.clear();
  if (auto* why = std::get_if<std::string>(&key)) return std::move(*why);
  STACK_OF(X509)* const issuers = sk_X509_new_null();
  for (const Handle<X509>& issuer : chain.issuers) sk_X509_push(issuers, issuer.get());
  const int done = SSL_CTX_use_cert_and_key(context_.get(), chain.leaf.get(),
                                            std::get<Handle<EVP_PKEY>>(key).get(), issuers, 1);
  sk_X509_free(issuers);
  return done == 1 ? "" : "certificate and key cannot be used: " + last_complaint();
}

Handle<SSL> ClientContext::make() const {
  Handle<SSL> ssl(SSL_new(context_.get()));
  const std::string& name = options_.name;
  if (is_host_number(name)) {
    if (options_.verify) X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl.get()), name.c_str());
  } else if (!name.empty()) {
    SSL_set_tlsext_host_name(ssl.get(), name.c_str());
    if (options_.verify) SSL_set1_host(ssl.get(), name.c_str());
  }
  if (session_) SSL_set_session(ssl.get(), session_.get());
  return ssl;
}

bool ClientContext::pinned(const X509& certificate) const {
  return options_.pins.empty() ||
         std::ranges::find(options_.pins, sha256_of(certificate)) != options_.pins.end();
}

/// 1: it is ours from here on.
int ClientContext::keep_session(SSL* ssl, SSL_SESSION* session) {
  auto* const self = static_cast<ClientContext*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
  self->session_.reset(session);
  return 1;
}

}  // namespace finishline::tls
