#include "lb/tls/context.h"

#include <openssl/ssl.h>

#include "lb/tls/certificate.h"

namespace finishline::tls {
namespace {

constexpr const char* kCiphers12 =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* kCiphers13 =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";

}  // namespace

void set_up_common(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_security_level(context, 2);
  SSL_CTX_set_cipher_list(context, kCiphers12);
  SSL_CTX_set_ciphersuites(context, kCiphers13);
  SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384");
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

std::string trust(SSL_CTX* context, std::string_view pem, bool name_them) {
  auto read = read_certificates(pem);
  if (auto* why = std::get_if<std::string>(&read)) return std::move(*why);
  X509_STORE* const store = SSL_CTX_get_cert_store(context);
  for (const Handle<X509>& certificate : std::get<std::vector<Handle<X509>>>(read)) {
    if (X509_STORE_add_cert(store, certificate.get()) != 1) return last_complaint();
    if (name_them) SSL_CTX_add_client_CA(context, certificate.get());
  }
  return "";
}

}  // namespace finishline::tls
