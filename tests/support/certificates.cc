#include "tests/support/certificates.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <stdexcept>

#include "lb/tls/handles.h"

namespace finishline::test {
namespace {

using tls::Handle;

constexpr long kDay = 24 * 3600;

std::string text_of(BIO* bio) {
  const char* text = nullptr;
  const long length = BIO_get_mem_data(bio, &text);
  return {text, static_cast<std::size_t>(length)};
}

std::string pem_of(X509* certificate) {
  const Handle<BIO> out(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(out.get(), certificate);
  return text_of(out.get());
}

std::string pem_of(EVP_PKEY* key) {
  const Handle<BIO> out(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  return text_of(out.get());
}

Handle<X509> certificate_in(const std::string& pem) {
  const Handle<BIO> in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return Handle<X509>(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
}

Handle<EVP_PKEY> key_in(const std::string& pem) {
  const Handle<BIO> in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return Handle<EVP_PKEY>(PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr));
}

void add_extension(X509* to, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, to, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  if (extension == nullptr) throw std::runtime_error("no certificate can have " + value);
  X509_add_ext(to, extension, -1);
  X509_EXTENSION_free(extension);
}

void add_name(X509_NAME* to, const char* field, const std::string& value) {
  if (value.empty()) return;
  X509_NAME_add_entry_by_txt(to, field, MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(value.c_str()),
                             -1, -1, 0);
}

Handle<X509> blank(long serial, EVP_PKEY* key, const CertificateWish& wish) {
  Handle<X509> made(X509_new());
  X509_set_version(made.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), serial);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), wish.from_days * kDay);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), wish.until_days * kDay);
  X509_set_pubkey(made.get(), key);
  add_name(X509_get_subject_name(made.get()), "O", wish.organization);
  add_name(X509_get_subject_name(made.get()), "CN", wish.common_name);
  return made;
}

}  // namespace

std::string private_number_of(const std::string& key) {
  const Handle<EVP_PKEY> read = key_in(key);
  BIGNUM* number = nullptr;
  EVP_PKEY_get_bn_param(read.get(), OSSL_PKEY_PARAM_PRIV_KEY, &number);
  std::string bytes(32, '\0');
  BN_bn2binpad(number, reinterpret_cast<unsigned char*>(bytes.data()), 32);
  BN_clear_free(number);
  return bytes;
}

struct TestAuthority::Its {
  Handle<EVP_PKEY> key;
  Handle<X509> certificate;
};

TestAuthority::TestAuthority(const std::string& name) : its_(std::make_unique<Its>()) {
  its_->key.reset(EVP_EC_gen("P-256"));
  its_->certificate = blank(1, its_->key.get(), {.common_name = name, .until_days = 3650});
  X509* const own = its_->certificate.get();
  X509_set_issuer_name(own, X509_get_subject_name(own));
  add_extension(own, own, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(own, own, NID_subject_key_identifier, "hash");
  X509_sign(own, its_->key.get(), EVP_sha256());
  pem_ = pem_of(own);
}

TestAuthority::~TestAuthority() = default;

CertificatePair TestAuthority::issue(const CertificateWish& wish) {
  const Handle<EVP_PKEY> key = wish.key.empty()
                                   ? Handle<EVP_PKEY>(wish.rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256"))
                                   : key_in(wish.key);
  const Handle<X509> made = blank(next_serial_++, key.get(), wish);
  X509_set_issuer_name(made.get(), X509_get_subject_name(its_->certificate.get()));
  std::string names;
  for (const std::string& name : wish.names) names += (names.empty() ? "" : ",") + name;
  if (!names.empty()) add_extension(made.get(), its_->certificate.get(), NID_subject_alt_name, names);
  X509_sign(made.get(), its_->key.get(), EVP_sha256());
  return {pem_of(made.get()), pem_of(key.get())};
}

std::string TestAuthority::ocsp_for(const CertificatePair& pair) const {
  const Handle<X509> certificate = certificate_in(pair.certificate);
  OCSP_BASICRESP* const basic = OCSP_BASICRESP_new();
  OCSP_CERTID* const id = OCSP_cert_to_id(nullptr, certificate.get(), its_->certificate.get());
  ASN1_TIME* const now = X509_gmtime_adj(nullptr, 0);
  ASN1_TIME* const then = X509_gmtime_adj(nullptr, kDay);
  OCSP_basic_add1_status(basic, id, V_OCSP_CERTSTATUS_GOOD, 0, nullptr, now, then);
  OCSP_basic_sign(basic, its_->certificate.get(), its_->key.get(), EVP_sha256(), nullptr, 0);
  OCSP_RESPONSE* const response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
  unsigned char* der = nullptr;
  const int length = i2d_OCSP_RESPONSE(response, &der);
  std::string text(reinterpret_cast<char*>(der), static_cast<std::size_t>(length));
  OPENSSL_free(der);
  OCSP_RESPONSE_free(response);
  OCSP_BASICRESP_free(basic);
  OCSP_CERTID_free(id);
  ASN1_TIME_free(now);
  ASN1_TIME_free(then);
  return text;
}

}  // namespace finishline::test
