// OpenSSL's objects with owners. Inside of tls/.
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>

namespace finishline::tls {

struct FreeHandle {
  void operator()(BIO* it) const { BIO_free_all(it); }
  void operator()(EVP_PKEY* it) const { EVP_PKEY_free(it); }
  void operator()(SSL* it) const { SSL_free(it); }
  void operator()(SSL_CTX* it) const { SSL_CTX_free(it); }
  void operator()(SSL_SESSION* it) const { SSL_SESSION_free(it); }
  void operator()(X509* it) const { X509_free(it); }
};

template <class T>
using Handle = std::unique_ptr<T, FreeHandle>;

}  // namespace finishline::tls
