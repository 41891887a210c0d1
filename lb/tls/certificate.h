// Certificates and private keys as they stand in PEM files: read, compared, judged. Pure, but for the clock
// that a caller hands in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "lb/tls/certificate_time.h"
#include "lb/tls/handles.h"

namespace finishline::tls {

/// A certificate with those that lead from it to its root.
struct CertificateChain {
  Handle<X509> leaf;
  std::vector<Handle<X509>> issuers;
};

/// The first certificate of a PEM text and all that follow; or the reason why not.
std::variant<CertificateChain, std::string> read_chain(std::string_view pem);
/// All certificates of a PEM text, at least one; or the reason why not.
std::variant<std::vector<Handle<X509>>, std::string> read_certificates(std::string_view pem);
/// The private key of a PEM text; or the reason why not. One that a passphrase protects cannot be read.
std::variant<Handle<EVP_PKEY>, std::string> read_key(std::string_view pem);
/// Why these bytes are no good OCSP response in DER; "" when they are one.
std::string ocsp_fault(std::string_view der);

/// The names that it is good for, in lower case: those of its subjectAltName, or its common name where that
/// has none.
std::vector<std::string> names_of(const X509& certificate);
CalendarTime valid_from(const X509& certificate);
CalendarTime valid_until(const X509& certificate);
/// "2027-01-31 12:00 UTC"
std::string date_text(CalendarTime time);
/// Of its DER form, 64 hexadecimal digits.
std::string sha256_of(const X509& certificate);
bool belongs_to(const EVP_PKEY& key, const X509& certificate);
/// All names of the one who shows it: see TlsEngine::peer_names().
std::vector<std::string> subject_names(const X509& certificate);

/// Whether this machine has any certificates of authorities where OpenSSL looks for them.
bool system_has_authorities();

/// Puts this first among what OpenSSL complains of next, for first_complaint().
void complain(const std::string& text);
/// The text of what was complained of first; empty when it has none.
std::string first_complaint();
/// What OpenSSL has complained of last, in its words; forgets all of it.
std::string last_complaint();

}  // namespace finishline::tls
