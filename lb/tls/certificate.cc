#include "lb/tls/certificate.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <system_error>

namespace finishline::tls {
namespace {

Handle<BIO> reading(std::string_view text) {
  return Handle<BIO>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string text_in(const ASN1_STRING* string) {
  unsigned char* utf8 = nullptr;
  const int length = ASN1_STRING_to_UTF8(&utf8, string);
  if (length < 0) return "";
  std::string text(reinterpret_cast<char*>(utf8), static_cast<std::size_t>(length));
  OPENSSL_free(utf8);
  // A name with a zero or a line's end in it is meant to look like another one.
  return std::ranges::any_of(text, [](unsigned char c) { return c < ' ' || c == 0x7f; }) ? "" : text;
}

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

std::string common_name(const X509& certificate) {
  const X509_NAME* const subject = X509_get_subject_name(&certificate);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  return at < 0 ? "" : text_in(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
}

struct FreeNames {
  void operator()(GENERAL_NAMES* it) const { GENERAL_NAMES_free(it); }
};

/// Calls `found` with each alternative name: its type, and its text.
template <class Found>
void each_alternative(const X509& certificate, Found found) {
  const std::unique_ptr<GENERAL_NAMES, FreeNames> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_DNS && name->type != GEN_EMAIL && name->type != GEN_URI) continue;
    if (std::string text = text_in(name->d.ia5); !text.empty()) found(name->type, std::move(text));
  }
}

std::string subject_text(const X509& certificate) {
  const Handle<BIO> out(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(out.get(), X509_get_subject_name(&certificate), 0,
                     XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  const char* text = nullptr;
  const long length = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(length)};
}

CalendarTime time_of(const ASN1_TIME* time) {
  std::tm parts{};
  return ASN1_TIME_to_tm(time, &parts) == 1 ? ::timegm(&parts) : 0;
}

/// Keys in files that need a passphrase: nobody is there to be asked.
int no_passphrase(char*, int, int, void*) { return -1; }

}  // namespace

bool system_has_authorities() {
  const auto place = [](const char* variable, const char* otherwise) {
    const char* const named = std::getenv(variable);
    return std::filesystem::path(named == nullptr ? otherwise : named);
  };
  std::error_code fault;
  const auto file = place(X509_get_default_cert_file_env(), X509_get_default_cert_file());
  if (std::filesystem::is_regular_file(file, fault) && std::filesystem::file_size(file, fault) > 0)
    return true;
  const auto folder = place(X509_get_default_cert_dir_env(), X509_get_default_cert_dir());
  return std::filesystem::directory_iterator(folder, fault) != std::filesystem::directory_iterator();
}

void complain(const std::string& text) { ERR_raise_data(ERR_LIB_USER, 1, "%s", text.c_str()); }

std::string first_complaint() {
  const char* text = nullptr;
  int flags = 0;
  const unsigned long code = ERR_peek_error_data(&text, &flags);
  return code != 0 && text != nullptr && (flags & ERR_TXT_STRING) != 0 ? text : "";
}

std::string last_complaint() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  const char* const reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "it cannot be read" : reason;
}

std::variant<std::vector<Handle<X509>>, std::string> read_certificates(std::string_view pem) {
  const Handle<BIO> in = reading(pem);
  std::vector<Handle<X509>> certificates;
  while (X509* const one = PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr))
    certificates.emplace_back(one);
  const unsigned long code = ERR_peek_last_error();
  const bool at_end = ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE;
  if (!at_end) return "a certificate in it cannot be read: " + last_complaint();
  ERR_clear_error();
  if (certificates.empty()) return std::string("there is no certificate in it (PEM is expected)");
  return certificates;
}

std::variant<CertificateChain, std::string> read_chain(std::string_view pem) {
  auto read = read_certificates(pem);
  if (auto* why = std::get_if<std::string>(&read)) return std::move(*why);
  auto& all = std::get<std::vector<Handle<X509>>>(read);
  CertificateChain chain{.leaf = std::move(all.front()), .issuers = {}};
  for (std::size_t i = 1; i < all.size(); ++i) chain.issuers.push_back(std::move(all[i]));
  return chain;
}

std::variant<Handle<EVP_PKEY>, std::string> read_key(std::string_view pem) {
  if (pem.find("PRIVATE KEY-----") == std::string_view::npos)
    return std::string("there is no private key in it (PEM is expected)");
  if (pem.find("ENCRYPTED") != std::string_view::npos)
    return std::string("its private key is protected by a passphrase, for which nobody can be asked");
  const Handle<BIO> in = reading(pem);
  Handle<EVP_PKEY> key(PEM_read_bio_PrivateKey(in.get(), nullptr, no_passphrase, nullptr));
  if (!key) return "its private key cannot be read: " + last_complaint();
  return key;
}

std::string ocsp_fault(std::string_view der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  OCSP_RESPONSE* const response = d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(der.size()));
  ERR_clear_error();
  if (response == nullptr) return "it is no OCSP response (DER is expected)";
  const int status = OCSP_response_status(response);
  OCSP_RESPONSE_free(response);
  if (status == OCSP_RESPONSE_STATUS_SUCCESSFUL) return "";
  return std::string("its OCSP response says: ") + OCSP_response_status_str(status);
}

std::vector<std::string> names_of(const X509& certificate) {
  std::vector<std::string> names;
  each_alternative(certificate, [&](int type, std::string text) {
    if (type == GEN_DNS) names.push_back(lower(std::move(text)));
  });
  if (names.empty()) names.push_back(lower(common_name(certificate)));
  std::erase(names, "");
  std::ranges::sort(names);
  return names;
}

CalendarTime valid_from(const X509& certificate) { return time_of(X509_get0_notBefore(&certificate)); }
CalendarTime valid_until(const X509& certificate) { return time_of(X509_get0_notAfter(&certificate)); }

std::string date_text(CalendarTime time) {
  const std::time_t seconds = time;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 40> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M UTC", &parts);
  return text.data();
}

std::string sha256_of(const X509& certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  if (X509_digest(&certificate, EVP_sha256(), digest.data(), &length) != 1) return "";
  std::string text;
  for (unsigned i = 0; i < length; ++i) {
    std::array<char, 3> two{};
    std::snprintf(two.data(), two.size(), "%02x", digest[i]);
    text += two.data();
  }
  return text;
}

bool belongs_to(const EVP_PKEY& key, const X509& certificate) {
  const bool same = EVP_PKEY_eq(X509_get0_pubkey(&certificate), &key) == 1;
  ERR_clear_error();
  return same;
}

std::vector<std::string> subject_names(const X509& certificate) {
  std::vector<std::string> names{subject_text(certificate)};
  if (const std::string name = common_name(certificate); !name.empty() && names.front() != "CN=" + name)
    names.push_back("CN=" + name);
  each_alternative(certificate, [&](int type, const std::string& text) {
    names.push_back((type == GEN_DNS ? "DNS:" : type == GEN_EMAIL ? "email:" : "URI:") + text);
  });
  return names;
}

}  // namespace finishline::tls
