#include "lb/tls/server_context.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "lb/tls/context.h"
#include "lb/tls/server_name.h"
#include "lb/tls/ticket_keys.h"

namespace finishline::tls {
namespace {

/// One answer for all certificates of a listener: a session may come back under another of its names.
void set_session_id(SSL_CTX* context, const ServerContext::Options& options) {
  const std::string what =
      options.id + '\n' + std::to_string(static_cast<int>(options.client_auth)) + '\n' + options.client_ca;
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(what.data()), what.size(), digest.data());
  SSL_CTX_set_session_id_context(context, digest.data(), digest.size());
}

}  // namespace

std::variant<std::unique_ptr<ServerContext>, std::string> ServerContext::make(Options options) {
  std::unique_ptr<ServerContext> made(new ServerContext(std::move(options)));
  for (const std::string& protocol : made->options_.protocols)
    made->wire_protocols_ += static_cast<char>(protocol.size()) + protocol;
  for (CertificateFiles& files : made->options_.certificates)
    if (std::string why = made->add(files); !why.empty()) return why;
  if (made->entries_.empty()) return std::string("there is no certificate");
  return made;
}

/// "" or why not.
std::string ServerContext::add(CertificateFiles& files) {
  auto read = read_chain(files.chain);
  if (auto* why = std::get_if<std::string>(&read)) return std::move(*why);
  auto& chain = std::get<CertificateChain>(read);
  auto key = read_key(files.key);
  OPENSSL_cleanse(files.key.data(), files.key.size());
  files.key.clear();
  if (auto* why = std::get_if<std::string>(&key)) return std::move(*why);
  EVP_PKEY* const its_key = std::get<Handle<EVP_PKEY>>(key).get();
  Entry& entry = entry_for(chain, EVP_PKEY_get_base_id(its_key));
  if (!entry.context) {
    entry.context.reset(SSL_CTX_new(TLS_server_method()));
    if (std::string why = set_up(entry.context.get()); !why.empty()) return why;
  }
  STACK_OF(X509)* const issuers = sk_X509_new_null();
  for (const Handle<X509>& issuer : chain.issuers) sk_X509_push(issuers, issuer.get());
  const int done = SSL_CTX_use_cert_and_key(entry.context.get(), chain.leaf.get(), its_key, issuers, 1);
  sk_X509_free(issuers);
  if (done != 1) return "certificate and key cannot be used: " + last_complaint();
  entry.key_types.push_back(EVP_PKEY_get_base_id(its_key));
  if (!files.ocsp.empty()) entry.ocsp.emplace(SSL_CTX_get0_certificate(entry.context.get()), files.ocsp);
  for (const std::string& name : entry.names) by_name_.emplace(name, &entry);
  shown_.push_back({entry.names.empty() ? "" : entry.names.front(), valid_until(*chain.leaf)});
  return "";
}

/// Certificates for the same names with keys of different types stand together: the client's abilities
/// choose.
ServerContext::Entry& ServerContext::entry_for(const CertificateChain& chain, int key_type) {
  std::vector<std::string> names = names_of(*chain.leaf);
  for (const auto& entry : entries_)
    if (entry->names == names && std::ranges::find(entry->key_types, key_type) == entry->key_types.end())
      return *entry;
  entries_.push_back(std::make_unique<Entry>());
  entries_.back()->names = std::move(names);
  return *entries_.back();
}

/// "" or why not.
std::string ServerContext::set_up(SSL_CTX* context) {
  set_up_common(context);
  SSL_CTX_set_min_proto_version(context,
                                options_.min_version == MinVersion::v1_3 ? TLS1_3_VERSION : TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_app_data(context, this);
  SSL_CTX_set_tlsext_servername_callback(context, choose_certificate);
  SSL_CTX_set_tlsext_servername_arg(context, this);
  SSL_CTX_set_tlsext_status_cb(context, staple);
  SSL_CTX_set_tlsext_status_arg(context, this);
  if (!wire_protocols_.empty()) SSL_CTX_set_alpn_select_cb(context, choose_protocol, this);
  set_session_id(context, options_);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);  // tickets only: they are good for all workers
  SSL_CTX_set_timeout(context, TicketKeys::kSessionSeconds);
  if (options_.tickets != nullptr) {
    SSL_CTX_set_tlsext_ticket_key_evp_cb(context, seal_ticket);
    SSL_CTX_set_num_tickets(context, 1);
  } else {
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(context, 0);
  }
  return demand_certificates(context);
}

std::string ServerContext::demand_certificates(SSL_CTX* context) {
  if (options_.client_auth == ClientAuth::off) return "";
  if (std::string why = trust(context, options_.client_ca, true); !why.empty()) return why;
  const int must = options_.client_auth == ClientAuth::required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0;
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | must, nullptr);
  if (!options_.allow_subjects.empty()) SSL_CTX_set_cert_verify_callback(context, judge_client, this);
  return "";
}

std::string ServerContext::not_admitted(const std::vector<std::string>& names) {
  std::string text = "none of its names is in tls_allow_subjects:";
  for (const std::string& name : names) text += " " + name;
  return text;
}

bool ServerContext::admits(const std::vector<std::string>& names) const {
  if (options_.allow_subjects.empty() || names.empty()) return true;
  return std::ranges::find_first_of(names, options_.allow_subjects) != names.end();
}

Handle<SSL> ServerContext::make() const { return Handle<SSL>(SSL_new(entries_.front()->context.get())); }

const ServerContext::Entry* ServerContext::entry_named(const char* name) const {
  const auto found = name == nullptr ? by_name_.end() : find_name(by_name_, name);
  return found == by_name_.end() ? entries_.front().get() : found->second;
}

// --- what OpenSSL asks ---------------------------------------------------------------------------------

/// Within the handshake, so that a client that is not let in hears of it by an alert.
int ServerContext::judge_client(X509_STORE_CTX* shown, void* self) {
  if (X509_verify_cert(shown) != 1) return 0;
  const std::vector<std::string> names = subject_names(*X509_STORE_CTX_get0_cert(shown));
  if (static_cast<const ServerContext*>(self)->admits(names)) return 1;
  X509_STORE_CTX_set_error(shown, X509_V_ERR_CERT_REJECTED);
  complain(not_admitted(names));
  return 0;
}

int ServerContext::choose_certificate(SSL* ssl, int*, void* self) {
  const char* const name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  SSL_set_SSL_CTX(ssl, static_cast<const ServerContext*>(self)->entry_named(name)->context.get());
  return SSL_TLSEXT_ERR_OK;
}

int ServerContext::choose_protocol(SSL*, const unsigned char** out, unsigned char* length,
                                   const unsigned char* in, unsigned in_length, void* self) {
  const std::string& ours = static_cast<const ServerContext*>(self)->wire_protocols_;
  const int found = SSL_select_next_proto(const_cast<unsigned char**>(out), length,
                                          reinterpret_cast<const unsigned char*>(ours.data()),
                                          static_cast<unsigned>(ours.size()), in, in_length);
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

int ServerContext::staple(SSL* ssl, void* self) {
  const X509* const shown = SSL_get_certificate(ssl);
  for (const auto& entry : static_cast<const ServerContext*>(self)->entries_) {
    const auto found = entry->ocsp.find(shown);
    if (found == entry->ocsp.end()) continue;
    void* const copy = OPENSSL_memdup(found->second.data(), found->second.size());  // OpenSSL frees it
    SSL_set_tlsext_status_ocsp_resp(ssl, static_cast<unsigned char*>(copy),
                                    static_cast<long>(found->second.size()));
    return SSL_TLSEXT_ERR_OK;
  }
  return SSL_TLSEXT_ERR_NOACK;
}

/// 1: done; 2: done, and the client is to have a new ticket; 0: the ticket is none of ours; -1: no tickets.
int ServerContext::seal_ticket(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                               EVP_MAC_CTX* mac, int sealing) {
  const auto* const self = static_cast<const ServerContext*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
  TicketKey key;
  bool newest = true;
  if (sealing == 1) {
    const auto ours = self->options_.tickets->newest();
    if (!ours || RAND_bytes(iv, 16) != 1) return -1;
    key = *ours;
    std::memcpy(name, key.name.data(), key.name.size());
  } else {
    const auto found = self->options_.tickets->find(std::as_bytes(std::span(name, 16)));
    if (!found) return 0;
    key = found->key;
    newest = found->newest;
  }
  const auto* const bytes = reinterpret_cast<const unsigned char*>(key.cipher.data());
  const int ready = sealing == 1 ? EVP_EncryptInit_ex2(cipher, EVP_aes_256_cbc(), bytes, iv, nullptr)
                                 : EVP_DecryptInit_ex2(cipher, EVP_aes_256_cbc(), bytes, iv, nullptr);
  char digest[] = "SHA256";
  const OSSL_PARAM params[] = {
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key.mac.data(), key.mac.size()),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_construct_end()};
  const int keyed = EVP_MAC_CTX_set_params(mac, params);
  OPENSSL_cleanse(&key, sizeof key);
  if (ready != 1 || keyed != 1) return -1;
  const bool good_once = SSL_version(ssl) == TLS1_3_VERSION;  // clients use such a ticket no second time
  return sealing == 1 || (newest && !good_once) ? 1 : 2;
}

}  // namespace finishline::tls
