#include "lb/config/tls_rules.h"

#include <algorithm>
#include <cctype>
#include <initializer_list>
#include <set>
#include <variant>

#include "lb/config/key_table.h"
#include "lb/config/says_something.h"
#include "lb/tls/server_name.h"

namespace finishline::config {
namespace {

/// Keys that would look as if they did something.
template <class S>
void refuse_without(Draft& draft, const std::string& path, const S& part, Section section,
                    std::initializer_list<const char*> names, const std::string& needed) {
  for (const char* name : names)
    if (says_something(part, section, name))
      draft.report(path + name, "has no meaning without " + needed, "add " + needed + ", or remove this");
}

void check_counts(Draft& draft, const std::string& section, const Listener& listener) {
  const std::size_t certificates = listener.tls_certificates.size();
  if (!listener.tls_keys.empty() && listener.tls_keys.size() != certificates)
    draft.report(section + "tls_keys",
                 std::to_string(listener.tls_keys.size()) + " files for " + std::to_string(certificates) +
                     " certificates",
                 "name one for each, in the same order, or none where keys stand beside certificates");
  if (listener.tls_ocsp.size() > certificates)
    draft.report(section + "tls_ocsp",
                 std::to_string(listener.tls_ocsp.size()) + " files for " + std::to_string(certificates) +
                     " certificates",
                 "name one for each, in the same order");
}

/// As names of certificates are written (TlsEngine::peer_names()): "DNS:", "email:" or "URI:" before the
/// name, or a subject by RFC 2253. One that is written otherwise is nobody's.
bool is_subject(std::string_view name) {
  for (const std::string_view kind : {"DNS:", "email:", "URI:"})
    if (name.starts_with(kind)) return name.size() > kind.size() && name[kind.size()] != ' ';
  const std::string_view type = name.substr(0, std::min(name.find('='), name.size()));
  const bool is_type =
      !type.empty() && std::isalnum(static_cast<unsigned char>(type[0])) != 0 &&
      std::ranges::all_of(type, [](unsigned char c) { return std::isalnum(c) != 0 || c == '.' || c == '-'; });
  const bool short_form = type.size() <= 2 && std::ranges::any_of(type, [](unsigned char c) {
                            return std::islower(c) != 0;  // "cn"
                          });
  return is_type && !short_form && type.size() + 1 < name.size() && name[type.size() + 1] != ' ';
}

void check_subjects(Draft& draft, const std::string& section, const Listener& listener) {
  for (const std::string& name : listener.tls_allow_subjects)
    if (!is_subject(name))
      draft.report(section + "tls_allow_subjects", "'" + name + "' is a name that no certificate can have",
                   "write \"CN=alice\", \"DNS:alice.example.org\", \"email:alice@example.org\", \"URI:...\", "
                   "or the whole subject: \"CN=alice,O=Example\"");
}

void check_clients(Draft& draft, const std::string& section, const Listener& listener) {
  if (listener.tls_client_auth == tls::ClientAuth::off)
    return refuse_without(draft, section, listener, Section::listener,
                          {"tls_client_ca", "tls_allow_subjects"},
                          "tls_client_auth = \"required\" or \"optional\"");
  check_subjects(draft, section, listener);
  if (!listener.tls_client_ca.empty()) return;
  draft.report(section + "tls_client_auth", "nothing says whose certificates are good",
               "add tls_client_ca = \"FILE\"");
}

void check_protocols(Draft& draft, const std::string& section, const Listener& listener) {
  for (const std::string& protocol : listener.tls_alpn)
    if (protocol.size() > 255)
      draft.report(section + "tls_alpn", "a protocol's name is longer than 255 characters",
                   "write for example \"h2\"");
}

bool is_server_name(std::string_view name) {
  if (name.starts_with("*.")) name.remove_prefix(2);
  return !name.empty() && name.size() <= 253 && std::ranges::all_of(name, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '.' || c == '_';
  });
}

void check_route(Draft& draft, const std::string& key, const std::string& name, const std::string& pool,
                 std::set<std::string>& seen) {
  if (!is_server_name(name))
    draft.report(key, "'" + name + "' is no name of a server",
                 "write for example \"www.example.org\" or \"*.example.org\"");
  if (!seen.insert(tls::plain_name(name)).second)
    draft.report(key, "'" + name + "' stands here twice", "remove one of the two");
  if (!draft.given("pool." + pool)) {
    std::vector<std::string_view> pools;
    for (const Pool& one : draft.config.pools) pools.push_back(one.name);
    draft.report(key, "there is no pool '" + pool + "'",
                 did_you_mean(pool, pools, "add a section [pool." + pool + "]"));
  }
  const auto takes_requests = [&](const Listener& other) {
    return other.pool == pool && other.mode != Mode::stream;
  };
  if (std::ranges::any_of(draft.config.listeners, takes_requests))
    draft.report(key, "pool '" + pool + "' takes requests, and cannot take streams as well",
                 "give each of the two a pool of its own");
}

void check_routes(Draft& draft, const std::string& section, const Listener& listener) {
  if (listener.sni.empty()) return;
  const std::string key = section + "sni";
  if (listener.mode != Mode::stream)
    return draft.report(key, "only streams are passed on unread", "set mode = \"stream\"");
  if (listener.speaks_tls())
    return draft.report(key, "goes by names in TLS that is not ended here, but tls_certificates end it",
                        "remove one of the two");
  std::set<std::string> seen;
  for (const auto& [name, pool] : listener.sni) check_route(draft, key + '.' + name, name, pool, seen);
}

bool is_digest(const std::string& text) {
  return text.size() == 64 && std::ranges::all_of(text, [](unsigned char c) {
           return std::isdigit(c) != 0 || (c >= 'a' && c <= 'f');
         });
}

/// Of a section with TlsOut; `needed` turns it on.
template <class S>
void check_out(Draft& draft, const std::string& path, const S& part, Section section,
               const std::string& needed) {
  if (!part.tls)
    return refuse_without(draft, path, part, section,
                          {"tls_name", "tls_verify", "tls_ca", "tls_certificate", "tls_key", "tls_pins"},
                          needed);
  if (part.tls_certificate.empty())
    refuse_without(draft, path, part, section, {"tls_key"}, "tls_certificate");
  if (!part.tls_verify) refuse_without(draft, path, part, section, {"tls_ca"}, "tls_verify = true");
  if (!std::ranges::all_of(part.tls_pins, is_digest))
    draft.report(path + "tls_pins", "expected 64 hexadecimal digits, in lower case and without colons",
                 "openssl x509 -in FILE -outform der | sha256sum prints them");
}

std::vector<std::string> without_repeats(std::vector<std::string> files) {
  std::ranges::sort(files);
  files.erase(std::unique(files.begin(), files.end()), files.end());
  std::erase(files, "");
  return files;
}

}  // namespace

void check_tls(Draft& draft) {
  for (std::size_t i = 0; i < draft.config.listeners.size(); ++i) {
    const std::string keys = key_path("listener", i, "") + '.';
    const Listener& listener = draft.config.listeners[i];
    check_routes(draft, keys, listener);
    if (!listener.speaks_tls()) {
      refuse_without(draft, keys, listener, Section::listener,
                     {"tls_keys", "tls_min_version", "tls_alpn", "tls_client_auth", "tls_client_ca",
                      "tls_allow_subjects", "tls_ocsp", "tls_tickets"},
                     "tls_certificates");
      continue;
    }
    check_counts(draft, keys, listener);
    check_clients(draft, keys, listener);
    check_protocols(draft, keys, listener);
  }
  for (std::size_t i = 0; i < draft.config.servers.size(); ++i)
    check_out(draft, key_path("server", i, "") + '.', draft.config.servers[i], Section::server, "tls = true");
  const Proxy& proxy = draft.config.proxy;
  if (!proxy.admin_speaks_tls())
    refuse_without(draft, "proxy.", proxy, Section::proxy, {"admin_tls_key"}, "admin_tls_certificate");
  else if (proxy.admin.starts_with("unix:"))
    draft.report("proxy.admin_tls_certificate",
                 "a Unix socket does not leave this machine, and speaks no TLS",
                 "remove it, or write proxy.admin = \"HOST:PORT\"");
  check_out(draft, "peers.", draft.config.peers, Section::peers, "rediss:// in redis");
}

std::vector<std::string> listener_files(const Config& config) {
  std::vector<std::string> files;
  for (const Listener& listener : config.listeners) {
    for (const auto* list : {&listener.tls_certificates, &listener.tls_keys, &listener.tls_ocsp})
      files.insert(files.end(), list->begin(), list->end());
    files.push_back(listener.tls_client_ca);
  }
  return without_repeats(std::move(files));
}

std::vector<std::string> admin_files(const Config& config) {
  return without_repeats({config.proxy.admin_tls_certificate, config.proxy.admin_tls_key});
}

std::vector<std::string> server_files(const Config& config) {
  std::vector<std::string> files;
  const auto add = [&](const TlsOut& it) {
    files.insert(files.end(), {it.tls_ca, it.tls_certificate, it.tls_key});
  };
  for (const Server& server : config.servers) add(server);
  add(config.peers);
  return without_repeats(std::move(files));
}

}  // namespace finishline::config
