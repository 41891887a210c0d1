#include "lb/cli/alert_command.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "lb/cli/admin_client.h"
#include "lb/cli/json_output.h"
#include "lb/config/config.h"
#include "lb/control/alert_page.h"
#include "lb/control/delivery.h"
#include "lb/flags/command_line.h"
#include "lb/flags/help.h"

namespace finishline::cli {
namespace {

constexpr const char* kAlertConfig = "/etc/finishline/finishline.toml";

std::optional<config::Config> configuration_of(const std::string& file) {
  auto read = config::load(file);
  if (auto* config = std::get_if<config::Config>(&read)) return std::move(*config);
  for (const config::Problem& problem : std::get<std::vector<config::Problem>>(read))
    std::fprintf(stderr, "%s\n", config::to_string(problem, file).c_str());
  return std::nullopt;
}

/// Empty without a file; nothing after a complaint.
std::optional<process::Secret> secret_in(const char* key, const std::string& file) {
  if (file.empty()) return process::Secret();
  auto read = process::read_secret(file);
  if (auto* secret = std::get_if<process::Secret>(&read)) return std::move(*secret);
  const std::string& why = std::get<std::string>(read);
  std::fprintf(stderr, "finishline: alerts.%s: %s%s\n", key, why.c_str(),
               process::says_what_to_do(why)
                   ? ""
                   : "; write the secret into it, for its owner alone to read (chmod 600)");
  return std::nullopt;
}

alert::AlertMessage test_message() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const alert::AlertTime time{.at = Instant{}, .unix = std::chrono::duration<double>(now).count()};
  return {.fired = {{.id = "test:test",
                     .subject = "test",
                     .state = alert::AlertState::firing,
                     .since = time,
                     .words = "this is a test of finishline's alerts, and nothing is wrong"}},
          .ended = {},
          .time = time};
}

/// What came of one channel.
struct Sent {
  const char* channel;
  std::string where;
  control::DeliveryResult result;
};

std::vector<Sent> send_test(const config::Alerts& alerts, const process::Secret& secret,
                            const process::Secret& password) {
  const alert::AlertMessage message = test_message();
  const std::atomic<bool> stop{false};
  std::vector<Sent> all;
  if (!alerts.webhook.empty())
    all.push_back({"webhook", alerts.webhook,
                   control::send_webhook(control::webhook_target(alerts, secret),
                                         control::webhook_body(message), stop)});
  if (!alerts.mail_server.empty())
    all.push_back(
        {"mail", alerts.mail_server,
         control::send_mail(control::mail_target(alerts, password), "finishline: " + headline_of(message),
                            text_of(message), message.time.unix, stop)});
  return all;
}

void tell_sent(const Sent& sent) {
  std::printf("%s %s: %s (%s)\n", sent.channel, sent.where.c_str(), sent.result.good ? "sent" : "failed",
              sent.result.words.c_str());
}

nlohmann::ordered_json sent_json(const std::vector<Sent>& all) {
  auto list = nlohmann::ordered_json::array();
  for (const Sent& sent : all)
    list.push_back({{"channel", sent.channel},
                    {"where", sent.where},
                    {"sent", sent.result.good},
                    {"words", sent.result.words}});
  return list;
}

int test_alerts(const config::Alerts& alerts, bool json) {
  if (alerts.webhook.empty() && alerts.mail_server.empty()) {
    std::fprintf(stderr, "finishline: neither alerts.webhook nor alerts.mail_server is set\n");
    return kBadUse;
  }
  const auto secret = secret_in("webhook_secret_file", alerts.webhook_secret_file),
             password = secret_in("mail_password_file", alerts.mail_password_file);
  if (!secret || !password) return kBadUse;
  const std::vector<Sent> all = send_test(alerts, *secret, *password);
  if (json && print_json(sent_json(all)) != 0) return kNotRunning;
  if (!json) std::ranges::for_each(all, tell_sent);
  return std::ranges::all_of(all, [](const Sent& sent) { return sent.result.good; }) ? 0 : kNotRunning;
}

}  // namespace

int run_alert_command(int argc, char** argv) {
  CLI::App flags("Tells that something is wrong, or tries whether it could", "finishline alert");
  flags.require_subcommand(1);
  std::string file = kAlertConfig;
  CLI::App* const test = flags.add_subcommand(
      "test", "sends a message to alerts.webhook and to alerts.mail_server, and says what came of it");
  test->add_option("-c,--config", file, "configuration file")->capture_default_str();
  bool json = false;
  add_json_flag(*test, json);
  flags::add_examples(*test, {"finishline alert test -c finishline.toml"});
  flags::add_examples(flags, {"finishline alert test -c finishline.toml"});
  if (const auto code = flags::parse(flags, argc, argv)) return *code;
  const auto config = configuration_of(file);
  return config ? test_alerts(config->alerts, json) : kBadUse;
}

}  // namespace finishline::cli
