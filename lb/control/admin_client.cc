#include "lb/control/admin_client.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <utility>

#include "lb/config/config.h"
#include "lb/control/httplib.h"
#include "lb/process/secret.h"

namespace finishline::control {
namespace {

/// The address and token file that the configuration has; nothing after a complaint.
std::optional<AdminPlace> place_in(const std::string& file) {
  auto loaded = config::load(file);
  if (const auto* problems = std::get_if<std::vector<config::Problem>>(&loaded)) {
    for (const config::Problem& problem : *problems)
      std::fprintf(stderr, "%s\n", config::to_string(problem, file).c_str());
    return std::nullopt;
  }
  const config::Proxy& proxy = std::get<config::Config>(loaded).proxy;
  if (!proxy.admin.empty())
    return AdminPlace{.address = proxy.admin, .host = {}, .token_file = proxy.admin_token_file};
  std::fprintf(stderr, "finishline: %s turns the admin server off (proxy.admin = \"\")\n", file.c_str());
  return std::nullopt;
}

/// Host and port of "HOST:PORT" or "[HOST]:PORT"; false when it is neither.
bool split(AdminPlace& admin) {
  const std::size_t colon = admin.address.rfind(':');
  if (colon == std::string::npos || colon == 0) return false;
  admin.host = admin.address.substr(0, colon);
  if (admin.host.front() == '[' && admin.host.back() == ']')
    admin.host = admin.host.substr(1, admin.host.size() - 2);
  const std::string digits = admin.address.substr(colon + 1);
  if (digits.empty() || digits.size() > 5 || digits.find_first_not_of("0123456789") != std::string::npos)
    return false;
  admin.port = std::stoi(digits);
  return true;
}

}  // namespace

void add_admin_flags(CLI::App& app, AdminFlags& flags) {
  auto* by_address =
      app.add_option("--admin", flags.address, "HOST:PORT of the admin server")->capture_default_str();
  app.add_option("-c,--config", flags.config_file, "read the address from this configuration file")
      ->excludes(by_address);
}

std::optional<AdminPlace> find_admin(const AdminFlags& flags) {
  auto place = flags.config_file.empty() ? AdminPlace{.address = flags.address, .host = {}, .token_file = {}}
                                         : place_in(flags.config_file);
  if (place && !split(*place)) {
    std::fprintf(stderr, "finishline: '%s' is not HOST:PORT\n", place->address.c_str());
    return std::nullopt;
  }
  return place;
}

httplib::Client client_of(const AdminPlace& admin) {
  httplib::Client client(admin.host, admin.port);
  client.set_connection_timeout(kPatienceSeconds);
  client.set_read_timeout(kPatienceSeconds);
  return client;
}

void add_token_flag(CLI::App& app, std::string& file) {
  app.add_option("--token-file", file, "file with the admin token; the configuration's by default");
}

std::optional<std::string> token_of(const std::string& file, const AdminPlace& admin) {
  const std::string& chosen = file.empty() ? admin.token_file : file;
  if (chosen.empty()) {
    std::fprintf(stderr,
                 "finishline: a change needs the admin token: --token-file FILE, or -c with a configuration "
                 "that has proxy.admin_token_file\n");
    return std::nullopt;
  }
  auto token = process::read_secret(chosen);
  if (auto* good = std::get_if<process::Secret>(&token)) return std::move(good->text);
  std::fprintf(stderr, "finishline: %s\n", std::get<std::string>(token).c_str());
  return std::nullopt;
}

void complain_of_silence(const AdminPlace& admin) {
  std::fprintf(stderr, "finishline: no proxy answers at %s; is it running, and is this its proxy.admin?\n",
               admin.address.c_str());
}

}  // namespace finishline::control
