#include "lb/master/tls_files.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "lb/master/problem_at.h"
#include "lb/process/credential_files.h"
#include "lb/process/secret.h"
#include "lb/tls/certificate.h"
#include "lb/tls/server_context.h"

namespace finishline::master {
namespace {

/// Looks at one file after the other and notes what is wrong.
class TlsInspection {
 public:
  TlsInspection(const config::Source& source, std::optional<tls::CalendarTime> now)
      : source_(source), now_(now) {}

  /// Of the section that begins now: "listener", the second one; or "proxy", of which there is one.
  void enter(std::string_view section, std::optional<std::size_t> index) {
    section_ = section;
    index_ = index;
  }
  void look_at_pair(std::string_view key_of_certificate, const std::string& certificate_file,
                    std::string_view key_of_key, const std::string& key_file);
  void look_at_authorities(std::string_view key, const std::string& file);
  void look_at_out(const config::TlsOut& out);
  void look_at_ocsp(std::string_view key, const std::string& file);
  std::vector<config::Problem> take() { return std::move(problems_); }

 private:
  std::optional<std::string> read(std::string_view key, const std::string& file);
  void report(std::string_view key, std::string message, std::string remedy);
  void try_out(std::string_view key, const std::string& file, tls::CertificateFiles files);
  void look_at_time(std::string_view key, const std::string& file, const X509& certificate);

  const config::Source& source_;
  std::optional<tls::CalendarTime> now_;
  std::string_view section_;
  std::optional<std::size_t> index_;
  std::vector<config::Problem> problems_;
};

void TlsInspection::report(std::string_view key, std::string message, std::string remedy) {
  problems_.push_back(problem_at(source_, section_, index_, key, std::move(message), std::move(remedy)));
}

std::optional<std::string> TlsInspection::read(std::string_view key, const std::string& file) {
  const auto copied = process::CredentialFiles::copy({file});
  if (const auto* files = std::get_if<process::CredentialFiles>(&copied)) return files->read(file);
  report(key, std::get<std::string>(copied), "name a file that the user who starts the proxy may read");
  return std::nullopt;
}

void TlsInspection::look_at_pair(std::string_view key_of_certificate, const std::string& certificate_file,
                                 std::string_view key_of_key, const std::string& key_file) {
  const auto text = read(key_of_certificate, certificate_file);
  auto read_text = text ? read(key_of_key, key_file) : std::nullopt;
  if (!text || !read_text) return;
  const process::Secret key_text(std::move(*read_text));
  const auto chain = tls::read_chain(*text);
  if (const auto* why = std::get_if<std::string>(&chain))
    report(key_of_certificate, certificate_file + ": " + *why,
           "name a file in PEM with the certificate first");
  const auto key = tls::read_key(key_text.text);
  if (const auto* why = std::get_if<std::string>(&key))
    return report(key_of_key, key_file + ": " + *why,
                  "name the file with the private key of " + certificate_file);
  if (!std::holds_alternative<tls::CertificateChain>(chain)) return;
  const X509& leaf = *std::get<tls::CertificateChain>(chain).leaf;
  if (!tls::belongs_to(*std::get<tls::Handle<EVP_PKEY>>(key), leaf))
    report(key_of_key, key_file + ": the key is not that of the certificate in " + certificate_file,
           "name the key that the certificate was made for; the order of both lists must be the same");
  else
    try_out(key_of_certificate, certificate_file, {.chain = *text, .key = key_text.text, .ocsp = {}});
  look_at_time(key_of_certificate, certificate_file, leaf);
}

/// As a worker does, for OpenSSL has a mind of its own.
void TlsInspection::try_out(std::string_view key, const std::string& file, tls::CertificateFiles files) {
  tls::ServerContext::Options options{.id = {}};
  options.certificates.push_back(std::move(files));
  const auto made = tls::ServerContext::make(std::move(options));
  if (const auto* why = std::get_if<std::string>(&made))
    report(
        key, file + ": " + *why,
        "take one with an RSA key of 2048 bits or more, or with P-256, and signed by SHA-256 or better; so "
        "must be all that stand behind it in the file");
}

void TlsInspection::look_at_time(std::string_view key, const std::string& file, const X509& certificate) {
  if (!now_) return;
  if (tls::valid_until(certificate) < *now_)
    report(key, file + ": the certificate was good until " + tls::date_text(tls::valid_until(certificate)),
           "renew it; clients refuse it");
  if (tls::valid_from(certificate) > *now_)
    report(key, file + ": the certificate is good only from " + tls::date_text(tls::valid_from(certificate)),
           "look at the clock of this machine, or wait");
}

void TlsInspection::look_at_authorities(std::string_view key, const std::string& file) {
  if (file.empty()) return;
  const auto text = read(key, file);
  if (!text) return;
  const auto certificates = tls::read_certificates(*text);
  if (const auto* why = std::get_if<std::string>(&certificates))
    report(key, file + ": " + *why, "name a file of certificates in PEM");
}

void TlsInspection::look_at_out(const config::TlsOut& out) {
  look_at_authorities("tls_ca", out.tls_ca);
  if (!out.tls_certificate.empty())
    look_at_pair("tls_certificate", out.tls_certificate, out.tls_key.empty() ? "tls_certificate" : "tls_key",
                 out.tls_key_file());
}

void TlsInspection::look_at_ocsp(std::string_view key, const std::string& file) {
  const auto text = read(key, file);
  const std::string why = text ? tls::ocsp_fault(*text) : "";
  if (!why.empty()) report(key, file + ": " + why, "openssl ocsp -respout FILE writes one");
}

}  // namespace

std::vector<config::Problem> problems_of_tls(const config::Source& source, const config::Config& config,
                                             std::optional<tls::CalendarTime> now) {
  TlsInspection inspection(source, now);
  inspection.enter("proxy", std::nullopt);
  if (config.proxy.admin_speaks_tls())
    inspection.look_at_pair("admin_tls_certificate", config.proxy.admin_tls_certificate,
                            config.proxy.admin_tls_key.empty() ? "admin_tls_certificate" : "admin_tls_key",
                            config.proxy.admin_key_file());
  for (std::size_t i = 0; i < config.listeners.size(); ++i) {
    const config::Listener& listener = config.listeners[i];
    inspection.enter("listener", i);
    const bool paired =
        listener.tls_keys.empty() || listener.tls_keys.size() == listener.tls_certificates.size();
    for (std::size_t at = 0; paired && at < listener.tls_certificates.size(); ++at)
      inspection.look_at_pair("tls_certificates", listener.tls_certificates[at],
                              listener.tls_keys.empty() ? "tls_certificates" : "tls_keys",
                              listener.key_file(at));
    inspection.look_at_authorities("tls_client_ca", listener.tls_client_ca);
    for (const std::string& file : listener.tls_ocsp) inspection.look_at_ocsp("tls_ocsp", file);
  }
  std::size_t section = 0;
  std::string_view before;
  for (const config::Server& server : config.servers) {
    const auto end = std::min(server.name.find('@'), server.name.size());
    const auto name = std::string_view(server.name).substr(0, end);
    const bool same = std::exchange(before, name) == name && end < server.name.size();
    if (same) continue;  // of one section, for another of its addresses
    inspection.enter("server", section++);
    inspection.look_at_out(server);
  }
  inspection.enter("peers", std::nullopt);
  inspection.look_at_out(config.peers);
  return inspection.take();
}

std::vector<config::Problem> doubts_of_tls(const config::Config& config) {
  const auto trusts_the_machine = [](const config::TlsOut& out) {
    return out.tls && out.tls_verify && out.tls_ca.empty() && out.tls_pins.empty();
  };
  std::vector<config::Problem> doubts;
  const auto server = std::ranges::find_if(config.servers, trusts_the_machine);
  const bool peers = config.peers.on() && trusts_the_machine(config.peers);
  if ((server == config.servers.end() && !peers) || tls::system_has_authorities()) return doubts;
  doubts.push_back(
      {0, 0, server == config.servers.end() ? "peers" : "server '" + server->name + "'",
       "no certificate will be trusted: tls_ca is empty, and this machine has no certificates of "
       "authorities",
       "install the package ca-certificates, or name a file by tls_ca"});
  return doubts;
}

}  // namespace finishline::master
