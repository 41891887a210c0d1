#include "lb/cli/admin_client.h"

#include <sys/socket.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>
#include <variant>

#include "lb/address/address.h"
#include "lb/cli/json_output.h"
#include "lb/config/config.h"
#include "lb/flags/command_line.h"
#include "lb/flags/help.h"
#include "lb/http/httplib.h"
#include "lb/process/credential_files.h"
#include "lb/process/secret.h"
#include "lb/tls/certificate.h"
#include "lb/tls/server_judge.h"
#include "proto/quantity.h"

namespace finishline::cli {
namespace {

constexpr const char* kWhichProxy = "Which proxy";
constexpr time_t kPatienceSeconds = 3;

struct AdminEndpoint {
  std::string host;  // or the absolute path of a Unix socket
  int port = 0;
};

constexpr std::string_view kHttps = "https://";

/// Of "HOST:PORT", "[HOST]:PORT" or "unix:/PATH"; nothing when it is none of them.
/// Where a server that is bound so is reached: one that has all addresses also has the machine's own.
std::optional<AdminEndpoint> split(const std::string& address) {
  const auto read = net::parse_endpoint(address);
  const auto* endpoint = std::get_if<net::Endpoint>(&read);
  if (endpoint == nullptr) return std::nullopt;
  if (!endpoint->name.empty()) return AdminEndpoint{endpoint->name, endpoint->port};
  if (endpoint->address.is_unix()) return AdminEndpoint{endpoint->address.path(), 0};
  if (endpoint->address.is_any())
    return AdminEndpoint{endpoint->address.is_ipv4() ? "127.0.0.1" : "::1", endpoint->port};
  return AdminEndpoint{endpoint->address.host_text(), endpoint->port};
}

/// Over TLS where there is a judge; the library's own judgement is less than ours.
std::unique_ptr<httplib::ClientImpl> connection_to(const std::string& host, int port,
                                                   tls::ServerJudge* judge) {
  if (judge == nullptr) return std::make_unique<httplib::ClientImpl>(host, port);
  auto client = std::make_unique<httplib::SSLClient>(host, port);
  client->enable_server_certificate_verification(false);
  judge->judge_for(client->ssl_context());
  return client;
}

std::unique_ptr<httplib::ClientImpl> client_for(const std::string& host, int port, const std::string& token,
                                                tls::ServerJudge* judge) {
  auto client = connection_to(host, port, judge);
  client->set_connection_timeout(kPatienceSeconds);
  client->set_read_timeout(kPatienceSeconds);
  if (host.starts_with('/')) {
    client->set_address_family(AF_UNIX);
    client->set_default_headers({{"Host", "localhost"}});
  }
  if (!token.empty()) client->set_bearer_token_auth(token);
  return client;
}

/// As there is none at `address`.
void complain_of_silence(const std::string& address, httplib::Error error, const tls::ServerJudge* judge) {
  if (judge != nullptr && !judge->refusal().empty())
    std::fprintf(stderr,
                 "finishline: the certificate of %s is not trusted: %s; --ca FILE names who signs it%s\n",
                 address.c_str(), judge->refusal().c_str(),
                 judge->knows_one() ? "; where the file is a new one, a SIGHUP to the master brings it" : "");
  else if (judge != nullptr && (error == httplib::Error::SSLConnection || error == httplib::Error::Read))
    std::fprintf(stderr,
                 "finishline: %s takes connections, but does not answer in TLS; an admin server without "
                 "proxy.admin_tls_certificate is reached without https://\n",
                 address.c_str());
  else if (error == httplib::Error::Read)
    std::fprintf(stderr,
                 "finishline: %s takes connections, but does not answer in HTTP; proxy.admin says where the "
                 "admin server is, which is no listener\n",
                 address.c_str());
  else
    std::fprintf(stderr, "finishline: no proxy answers at %s; is it running, and is this its proxy.admin?\n",
                 address.c_str());
}

bool is_ours(const httplib::Response& reply) { return reply.get_header_value("Server") == "Finishline"; }

/// Of a reply with this status; nothing after a complaint about the server at `address`.
std::optional<std::string> body_of(const httplib::Result& reply, int wanted_status,
                                   const std::string& address, const tls::ServerJudge* judge) {
  if (!reply) {
    complain_of_silence(address, reply.error(), judge);
  } else if (!is_ours(*reply)) {
    std::fprintf(stderr,
                 "finishline: %s answers, but is not Finishline (HTTP %d); is this its proxy.admin?\n",
                 address.c_str(), reply->status);
  } else if (reply->status != wanted_status) {
    const std::string words = refusal_in(reply->body);
    std::fprintf(stderr, "finishline: refused: %s\n", words.empty() ? reply->body.c_str() : words.c_str());
  } else {
    return reply->body;
  }
  return std::nullopt;
}

bool wants_token(const httplib::Result& reply) { return reply && is_ours(*reply) && reply->status == 401; }

/// The first line of a token file that is a token as it is; "" when all are hashes (control/access.h).
std::string plain_token_in(std::string_view tokens) {
  while (!tokens.empty()) {
    const std::size_t end = std::min(tokens.find('\n'), tokens.size());
    std::string_view line = tokens.substr(0, end);
    tokens.remove_prefix(std::min(end + 1, tokens.size()));
    line.remove_prefix(std::min(line.find_first_not_of(" \t\r"), line.size()));
    line = line.substr(0, line.find_last_not_of(" \t\r") + 1);
    if (!line.empty() && line[0] != '#' && line.find_first_of(" \t") == line.npos) return std::string(line);
  }
  return {};
}

/// Of any reply of a proxy.
std::optional<std::string> any_body_of(const httplib::Result& reply) {
  return reply && is_ours(*reply) ? std::optional(reply->body) : std::nullopt;
}

/// The text of a file of certificates into `text`; or why not, fit for a user. "" names none.
std::string read_certificates_of(const std::string& file, std::string& text) {
  if (file.empty()) return "";
  const auto copied = process::CredentialFiles::copy({file});
  if (const auto* why = std::get_if<std::string>(&copied)) return *why;
  text = std::get<process::CredentialFiles>(copied).read(file);
  const auto chain = tls::read_chain(text);
  const auto* why = std::get_if<std::string>(&chain);
  return why == nullptr ? "" : file + ": " + *why;
}

/// Those that one of `ca_file` has signed; else the one whose certificate the configuration names, renewed or
/// not, by whatever name it is reached; else those that the system trusts. Or why not, fit for a user.
std::variant<tls::ServerJudge::Options, std::string> whom_to_trust(const std::string& host,
                                                                   const std::string& ca_file,
                                                                   const std::string& certificate_file) {
  tls::ServerJudge::Options options{.name = host};
  if (std::string why = read_certificates_of(ca_file, options.ca); !why.empty()) return why;
  std::string why = read_certificates_of(certificate_file, options.known);
  if (!why.empty() && ca_file.empty()) return why;
  return options;
}

}  // namespace

std::string refusal_in(const std::string& body) {
  const auto reply = nlohmann::json::parse(body, nullptr, false);
  if (!reply.is_object() || !reply.contains("error") || !reply["error"].is_object()) return {};
  return reply["error"].value("message", "");
}

AdminCommand::AdminCommand(std::string what_it_does, std::string name)
    : flags_(std::make_unique<CLI::App>(std::move(what_it_does), std::move(name))) {
  auto* by_address =
      flags_
          ->add_option("--admin", address_, "HOST:PORT of the admin server, https://HOST:PORT, or unix:/PATH")
          ->capture_default_str();
  flags_->add_option("-c,--config", config_file_, "read the address from this configuration file")
      ->excludes(by_address);
  flags_->add_option(
      "--ca", ca_file_,
      "certificates (PEM) that may have signed the admin server's; by default it must be the one "
      "that the configuration names, or signed by those of the system");
  flags_->add_option("--token-file", token_file_,
                     "file with the admin token; the configuration's by default");
  flags::add_heading(*flags_, kWhichProxy, {"--admin", "--config", "--ca", "--token-file"});
}

AdminCommand::~AdminCommand() = default;

void AdminCommand::add_word(const std::string& name, std::string& target, Presence presence,
                            const std::string& help) {
  flags_->add_option(name, target, help)->required(presence == Presence::required);
}

void AdminCommand::add_text(const std::string& flag, std::string& target, const std::string& help) {
  flags_->add_option(flag, target, help);
}

void AdminCommand::add_positive(const std::string& flag, double& target, double most,
                                const std::string& help) {
  const auto refusal = [most](std::string& text) -> std::string {
    const auto number = parse_number(text);
    if (number && *number > 0 && *number <= most) return {};
    return "a number above 0 and at most " + human_count(static_cast<std::uint64_t>(most)) + " is needed";
  };
  flags_->add_option(flag, target, help)->check(CLI::Validator(refusal, "POSITIVE"))->capture_default_str();
}

void AdminCommand::add_flag(const std::string& flag, bool& target, const std::string& help) {
  flags_->add_flag(flag, target, help);
}

void AdminCommand::add_json_flag(bool& target) { cli::add_json_flag(*flags_, target); }

void AdminCommand::add_examples(std::initializer_list<const char*> lines) {
  flags::add_examples(*flags_, lines);
}

std::optional<int> AdminCommand::parse(int argc, char** argv) {
  if (const auto code = flags::parse(*flags_, argc, argv)) return code;
  if (!find_admin()) return kBadUse;
  return std::nullopt;
}

// --- where it is -----------------------------------------------------------------------------------------

bool AdminCommand::find_admin() {
  if (!config_file_.empty() && !read_configuration()) return false;
  tls_ = address_.starts_with(kHttps) || !certificate_file_.empty();
  auto place = split(address_.starts_with(kHttps) ? address_.substr(kHttps.size()) : address_);
  if (!place) {
    std::fprintf(stderr, "finishline: '%s' is neither HOST:PORT nor https://HOST:PORT nor unix:/PATH\n",
                 address_.c_str());
    return false;
  }
  host_ = std::move(place->host);
  port_ = place->port;
  return !tls_ || prepare_tls();
}

bool AdminCommand::prepare_tls() {
  auto options = whom_to_trust(host_, ca_file_, certificate_file_);
  if (const auto* why = std::get_if<std::string>(&options)) {
    std::fprintf(stderr, "finishline: %s\n", why->c_str());
    return false;
  }
  judge_ = std::make_unique<tls::ServerJudge>(std::move(std::get<tls::ServerJudge::Options>(options)));
  return true;
}

/// Its address and token file.
bool AdminCommand::read_configuration() {
  auto loaded = config::load(config_file_);
  if (const auto* problems = std::get_if<std::vector<config::Problem>>(&loaded)) {
    for (const config::Problem& problem : *problems)
      std::fprintf(stderr, "%s\n", config::to_string(problem, config_file_).c_str());
    return false;
  }
  const config::Proxy& proxy = std::get<config::Config>(loaded).proxy;
  if (proxy.admin.empty()) {
    std::fprintf(stderr, "finishline: %s turns the admin server off (proxy.admin = \"\")\n",
                 config_file_.c_str());
    return false;
  }
  address_ = proxy.admin;
  certificate_file_ = proxy.admin_tls_certificate;
  token_from_config_ = token_file_.empty() && !proxy.admin_token_file.empty();
  if (token_from_config_) token_file_ = proxy.admin_token_file;
  if (!proxy.admin_anonymous) send_token_if_any();
  return true;
}

/// Nothing, and the reason, fit for a user, when there is none.
std::optional<std::string> AdminCommand::read_token(std::string& why_not) const {
  if (token_file_.empty()) {
    why_not = "this needs the admin token: " +
              (config_file_.empty()
                   ? "--token-file FILE, or -c with a configuration that has proxy.admin_token_file"
                   : config_file_ + " has no proxy.admin_token_file; --token-file FILE names one");
    return std::nullopt;
  }
  const std::string key = token_from_config_ ? "proxy.admin_token_file of " + config_file_ : "--token-file";
  auto token = process::read_secret(token_file_);
  if (const auto* why = std::get_if<std::string>(&token)) return why_not = key + ": " + *why, std::nullopt;
  std::string plain = plain_token_in(std::get<process::Secret>(token).text);
  if (!plain.empty()) return plain;
  why_not = key + ": " + token_file_ +
            " holds hashes alone, which are not the tokens themselves; --token-file FILE names one with a "
            "token, as 'finishline token new' has told it";
  return std::nullopt;
}

// --- asking --------------------------------------------------------------------------------------------

bool AdminCommand::send_token() {
  std::string why_not;
  auto read = read_token(why_not);
  if (!read) return std::fprintf(stderr, "finishline: %s\n", why_not.c_str()), false;
  token_ = std::move(*read);
  return true;
}

void AdminCommand::send_token_if_any() {
  std::string why_not;
  if (auto read = read_token(why_not)) token_ = std::move(*read);
}

/// Whom to trust is read anew for each connection: a command that stays outlives certificates. What cannot be
/// read for once leaves it as it was.
tls::ServerJudge* AdminCommand::judge() const {
  if (!tls_) return nullptr;
  auto options = whom_to_trust(host_, ca_file_, certificate_file_);
  if (auto* fresh = std::get_if<tls::ServerJudge::Options>(&options))
    judge_ = std::make_unique<tls::ServerJudge>(std::move(*fresh));
  return judge_.get();
}

/// Once more with the token where it is wanted of who was to look without.
template <class Ask>
httplib::Result AdminCommand::ask(Ask ask) const {
  auto reply = ask(*client_for(host_, port_, token_, judge()));
  std::string why_not;
  if (!wants_token(reply) || !token_.empty()) return reply;
  auto read = read_token(why_not);
  if (!read) return reply;
  token_ = std::move(*read);
  return ask(*client_for(host_, port_, token_, judge()));
}

std::optional<std::string> AdminCommand::told_of(const httplib::Result& reply, int wanted_status) const {
  wants_token_ = wants_token(reply);
  if (!wants_token_) return body_of(reply, wanted_status, address_, judge_.get());
  complain_of_token(refusal_in(reply->body));
  return std::nullopt;
}

/// What the admin server said, and how to give it a token, or why this one is not right.
void AdminCommand::complain_of_token(const std::string& words) const {
  std::string remedy = "that is the one of " + token_file_;
  if (token_.empty() && read_token(remedy)) remedy = "another --token-file FILE may have one";
  std::fprintf(stderr, "finishline: refused: %s; %s\n", words.c_str(), remedy.c_str());
}

std::optional<std::string> AdminCommand::get(const std::string& path) const {
  return told_of(ask([&](httplib::ClientImpl& it) { return it.Get(path); }), 200);
}

std::optional<std::string> AdminCommand::put(const std::string& path, const std::string& body,
                                             const char* media_type, int wanted_status) const {
  return told_of(ask([&](httplib::ClientImpl& it) { return it.Put(path, body, media_type); }), wanted_status);
}

std::optional<std::string> AdminCommand::try_get(const std::string& path) const {
  return any_body_of(ask([&](httplib::ClientImpl& it) { return it.Get(path); }));
}

std::optional<std::string> AdminCommand::try_put(const std::string& path, const std::string& body) const {
  return any_body_of(ask([&](httplib::ClientImpl& it) { return it.Put(path, body, "application/json"); }));
}

bool AdminCommand::nobody_listens() const {
  return client_for(host_, port_, token_, judge())->Get("/healthz").error() == httplib::Error::Connection;
}

void AdminCommand::complain_of_stranger() const {
  std::fprintf(stderr, "finishline: what answers at %s is not a finishline of this version\n",
               address_.c_str());
}

}  // namespace finishline::cli
