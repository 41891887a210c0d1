#include "lb/control/access.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <sstream>
#include <utility>

#include "lb/http/error_reply.h"
#include "lb/http/request_head.h"
#include "lb/process/secret.h"

namespace finishline::control {
namespace {

using http::error_reply;
using http::HttpReply;
using http::HttpRequest;
using http::Refused;
using AccessJson = nlohmann::ordered_json;

constexpr std::string_view kBearer = "Bearer ";
constexpr std::string_view kCookie = "finishline_session";
constexpr std::string_view kHash = "sha256:";
constexpr std::size_t kLeastToken = 16;
constexpr Nanos kSessionIdle = std::chrono::hours(12);
constexpr std::size_t kMostSessions = 1000;
constexpr std::size_t kMostAddresses = 4096;
constexpr int kMostFailures = 10;
constexpr Nanos kFailuresOf = std::chrono::minutes(1);

template <std::size_t N>
std::string digits_of(const std::array<unsigned char, N>& bytes) {
  std::string text(N * 2 + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), bytes.data(), N);
  text.pop_back();
  return text;
}

std::string hash_of(std::string_view text) {
  std::array<unsigned char, crypto_hash_sha256_BYTES> hash{};
  crypto_hash_sha256(hash.data(), reinterpret_cast<const unsigned char*>(text.data()), text.size());
  return digits_of(hash);
}

std::string random_digits() {
  std::array<unsigned char, 32> bytes{};
  randombytes_buf(bytes.data(), bytes.size());
  return digits_of(bytes);
}

/// In letters of either case, as the scheme is (RFC 9110).
bool says_bearer(std::string_view authorization) {
  return authorization.size() >= kBearer.size() &&
         http::same_word(authorization.substr(0, kBearer.size()), kBearer);
}

bool is_local(std::string_view peer) {
  return peer == http::kUnixPeer || peer == "::1" || peer.starts_with("127.");
}

bool lies_in(const net::Networks& networks, std::string_view peer) {
  const auto host = net::parse_host(peer);
  const auto* const address = std::get_if<net::Address>(&host);
  return address != nullptr && net::contains(networks, *address);
}

/// "host" of "host:port", "[::1]:port".
std::string_view without_port(std::string_view host) {
  if (host.starts_with('[')) return host.substr(0, host.find(']') + 1);
  return host.substr(0, host.find(':'));
}

bool is_address(std::string_view host) {
  return host.starts_with('[') || host.find_first_not_of("0123456789.") == std::string_view::npos;
}

}  // namespace

std::string_view name_of(AccessRole role) {
  switch (role) {
    case AccessRole::nobody:
      return "nobody";
    case AccessRole::viewer:
      return "viewer";
    case AccessRole::operating:
      return "operator";
    case AccessRole::admin:
      return "admin";
  }
  return "";
}

std::optional<AccessRole> role_named(std::string_view name) {
  for (const AccessRole role : {AccessRole::viewer, AccessRole::operating, AccessRole::admin})
    if (name_of(role) == name) return role;
  return std::nullopt;
}

NewToken new_token(std::string_view name, AccessRole role) {
  NewToken made{.token = random_digits(), .line = {}};
  made.line =
      std::string(name) + ' ' + std::string(name_of(role)) + ' ' + std::string(kHash) + hash_of(made.token);
  return made;
}

Access::Access(http::RefusalCounts& refusals, std::string_view tokens, Options options)
    : refusals_(refusals), options_(std::move(options)) {
  set_tokens(tokens);
}

std::vector<std::string> Access::hosts_in(std::string_view list) {
  std::vector<std::string> hosts;
  std::istringstream parts{std::string(list)};
  for (std::string part; std::getline(parts, part, ',');) {
    std::erase(part, ' ');
    if (!part.empty()) hosts.push_back(part);
  }
  return hosts;
}

namespace {

std::vector<std::string> words_in(const std::string& line) {
  std::istringstream all(line);
  std::vector<std::string> words;
  for (std::string word; all >> word;) words.push_back(std::move(word));
  if (!words.empty() && words.front().starts_with('#')) words.clear();
  return words;
}

bool is_hash(std::string_view word) {
  return word.size() == kHash.size() + crypto_hash_sha256_BYTES * 2 && word.starts_with(kHash) &&
         word.substr(kHash.size()).find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// "" when there is none.
std::string mistake_in(const std::vector<std::string>& words) {
  const bool hashed =
      std::ranges::any_of(words, [](const auto& it) { return it.find(kHash) != std::string::npos; });
  if (words.size() == 1 && !hashed)
    return words[0].size() < kLeastToken ? "the token is shorter than 16 letters" : "";
  if (words.size() != 3) return "neither a token in one word nor NAME ROLE sha256:HASH";
  if (!role_named(words[1])) return "its second word is no role: viewer, operator or admin";
  return is_hash(words[2]) ? "" : "its third word is not sha256: with 64 digits from 0 to f behind it";
}

}  // namespace

std::string mistake_in_tokens(std::string_view tokens, std::size_t first_line) {
  std::istringstream lines{std::string(tokens)};
  std::string mistake;
  for (std::string line; mistake.empty() && std::getline(lines, line); ++first_line) {
    std::vector<std::string> words = words_in(line);
    if (!words.empty()) mistake = mistake_in(words);
    for (std::string& word : words) process::wipe(word);
    process::wipe(line);
    if (!mistake.empty()) mistake = "line " + std::to_string(first_line) + ": " + mistake;
  }
  return mistake;
}

/// Nothing: the line is none, or a mistake.
std::optional<Access::Token> Access::token_of(const std::string& line) {
  const std::vector<std::string> words = words_in(line);
  if (words.size() == 1 && words[0].find(kHash) == std::string::npos)
    return Token{"admin", hash_of(words[0]), AccessRole::admin};
  if (words.size() != 3 || !mistake_in(words).empty()) return std::nullopt;
  return Token{words[0], words[2].substr(kHash.size()), *role_named(words[1])};
}

void Access::set_tokens(std::string_view tokens) {
  tokens_.clear();
  std::istringstream lines{std::string(tokens)};
  for (std::string line; std::getline(lines, line);) {
    if (auto token = token_of(line)) tokens_.push_back(std::move(*token));
    process::wipe(line);
  }
  std::erase_if(sessions_, [&](const auto& it) { return find(it.second.token_hash) == nullptr; });
}

const Access::Token* Access::find(std::string_view hash) const {
  const auto found =
      std::ranges::find_if(tokens_, [&](const Token& it) { return process::same_secret(hash, it.hash); });
  return found == tokens_.end() ? nullptr : &*found;
}

const Access::Token* Access::token_in(const HttpRequest& request) const {
  const std::string_view given = request.header("authorization");
  return says_bearer(given) ? find(hash_of(given.substr(kBearer.size()))) : nullptr;
}

Access::Session* Access::session_in(const HttpRequest& request, Instant now) {
  const std::string_view value = request.cookie(kCookie);
  const auto found = value.empty() ? sessions_.end() : sessions_.find(hash_of(value));
  if (found == sessions_.end()) return nullptr;
  if (now - found->second.used_at > kSessionIdle) {
    sessions_.erase(found);
    return nullptr;
  }
  found->second.used_at = now;
  return &found->second;
}

Access::Caller Access::caller_of(const HttpRequest& request, Instant now) {
  if (const Token* token = token_in(request)) return {token->role, token->name, {}};
  if (const Session* session = session_in(request, now))
    if (const Token* token = find(session->token_hash)) return {token->role, token->name, session->csrf};
  const bool may_look =
      (options_.anyone_local_looks && is_local(request.peer)) || lies_in(options_.viewers, request.peer);
  return {may_look ? AccessRole::viewer : AccessRole::nobody, {}, {}};
}

/// A page of somebody else's that a browser was brought to ask us from.
std::optional<Access::Refusal> Access::foreign(const HttpRequest& request) const {
  const std::string_view host = request.header("host");
  const std::string_view origin = request.header("origin");
  const std::string name(without_port(host));
  const bool no_page = request.peer == http::kUnixPeer && origin.empty();  // none reaches it by itself
  if (!no_page && !host.empty() && !is_address(name) && name != "localhost" &&
      std::ranges::find(options_.hosts, name) == options_.hosts.end())
    return Refusal{
        421, Refused::wrong_host,
        "this is not reached by the name '" + name + "': use an address, or name it in proxy.admin_hosts"};
  if (request.method == http::Method::get || origin.empty()) return std::nullopt;
  const std::size_t scheme = origin.find("://");
  if (scheme != std::string_view::npos && origin.substr(scheme + 3) == host) return std::nullopt;
  return Refusal{403, Refused::wrong_origin,
                 "changes are taken from pages of this server alone, not of " + std::string(origin)};
}

std::optional<Access::Refusal> Access::refusal_of(const HttpRequest& request, AccessRole needed,
                                                  Instant now) {
  auto refusal = foreign(request);
  if (!refusal) refusal = denied(request, needed, now);
  if (refusal) refusals_.count(refusal->reason, request.peer, now);
  return refusal;
}

std::optional<Access::Refusal> Access::denied(const HttpRequest& request, AccessRole needed, Instant now) {
  const bool brings_token = !request.header("authorization").empty();
  if (needed > AccessRole::viewer && !any_tokens())
    return Refusal{403, Refused::changes_off, "nothing can be changed: proxy.admin_token_file is not set"};
  if (brings_token && any_tokens() && !says_bearer(request.header("authorization")))
    return Refusal{401, Refused::no_token,
                   "no other way to sign in is known here than Authorization: Bearer TOKEN, with a token of "
                   "proxy.admin_token_file"};
  if (brings_token && any_tokens() && token_in(request) == nullptr) return wrong_token(request.peer, now);
  const Caller caller = caller_of(request, now);
  if (caller.role < needed && caller.name.empty())
    return Refusal{401, Refused::no_token,
                   "the token of proxy.admin_token_file is needed: Authorization: Bearer TOKEN"};
  if (caller.role < needed)
    return Refusal{403, Refused::role,
                   "the role " + std::string(name_of(caller.role)) + " may not do this; " +
                       std::string(name_of(needed)) + " may"};
  if (needed > AccessRole::viewer && !caller.csrf.empty() &&
      !process::same_secret(request.header("x-csrf-token"), caller.csrf))
    return Refusal{403, Refused::no_csrf, "the session's own token is missing: X-CSRF-Token"};
  return std::nullopt;
}

HttpReply Access::open_session(const HttpRequest& request, Instant now) {
  if (const auto refusal = foreign(request)) {
    refusals_.count(refusal->reason, request.peer, now);
    return error_reply(refusal->status, refusal->words);
  }
  const AccessJson body = AccessJson::parse(request.body, nullptr, false);
  if (!body.is_object() || !body.contains("token") || !body["token"].is_string())
    return error_reply(400, R"(expected {"token": "..."})", "/token");
  const Token* const token = find(hash_of(body["token"].get<std::string>()));
  if (token == nullptr) {
    const Refusal refusal = wrong_token(request.peer, now);
    refusals_.count(refusal.reason, request.peer, now);
    return error_reply(refusal.status, refusal.words, "/token");
  }
  if (sessions_.size() >= kMostSessions)
    sessions_.erase(
        std::ranges::min_element(sessions_, {}, [](const auto& it) { return it.second.used_at; }));
  const std::string value = random_digits();
  const Session& session = sessions_[hash_of(value)] = {token->hash, random_digits(), now};
  const AccessJson reply = {{"role", name_of(token->role)},
                            {"name", token->name},
                            {"csrf", session.csrf},
                            {"can_change", token->role >= AccessRole::operating},
                            {"changes_off", nullptr}};
  return {200,
          "application/json",
          reply.dump() + "\n",
          {{"Set-Cookie", std::string(kCookie) + "=" + value + "; HttpOnly; SameSite=Strict; Path=/" +
                              (options_.over_tls ? "; Secure" : "")},
           {"Cache-Control", "no-store"}}};
}

HttpReply Access::close_session(const HttpRequest& request) {
  sessions_.erase(hash_of(request.cookie(kCookie)));
  return {200,
          "application/json",
          "{}\n",
          {{"Set-Cookie", std::string(kCookie) + "=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0"}}};
}

Access::Refusal Access::wrong_token(const std::string& peer, Instant now) {
  std::erase_if(failures_, [&](const auto& it) { return now - it.second.since >= kFailuresOf; });
  if (failures_.size() >= kMostAddresses) failures_.erase(failures_.begin());
  Failures& it = failures_.try_emplace(peer, Failures{.since = now}).first->second;
  if (++it.count > kMostFailures)
    return {429, Refused::too_many_wrong, "too many wrong tokens from here: wait for a minute"};
  return {401, Refused::wrong_token, "the token is none of those in proxy.admin_token_file"};
}

}  // namespace finishline::control
