#include "lb/cli/alert_command.h"

#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <optional>
#include <string>
#include <variant>

#include "lb/cli/admin_client.h"
#include "lb/cli/flags.h"
#include "lb/config/config.h"
#include "lb/control/alert_page.h"
#include "lb/control/delivery.h"

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
std::optional<process::Secret> secret_in(const std::string& file) {
  if (file.empty()) return process::Secret();
  auto read = process::read_secret(file);
  if (auto* secret = std::get_if<process::Secret>(&read)) return std::move(*secret);
  std::fprintf(stderr, "finishline: %s\n", std::get<std::string>(read).c_str());
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

bool tell_of(const char* channel, const std::string& where, const control::DeliveryResult& result) {
  std::printf("%s %s: %s (%s)\n", channel, where.c_str(), result.good ? "sent" : "failed",
              result.words.c_str());
  return result.good;
}

int test_alerts(const config::Alerts& alerts) {
  if (alerts.webhook.empty() && alerts.mail_server.empty()) {
    std::fprintf(stderr, "finishline: neither alerts.webhook nor alerts.mail_server is set\n");
    return kBadUse;
  }
  const auto secret = secret_in(alerts.webhook_secret_file), password = secret_in(alerts.mail_password_file);
  if (!secret || !password) return kBadUse;
  const alert::AlertMessage message = test_message();
  const std::atomic<bool> stop{false};
  bool good = true;
  if (!alerts.webhook.empty())
    good &= tell_of("webhook", alerts.webhook,
                    control::send_webhook(control::webhook_target(alerts, *secret),
                                          control::webhook_body(message), stop));
  if (!alerts.mail_server.empty())
    good &= tell_of(
        "mail", alerts.mail_server,
        control::send_mail(control::mail_target(alerts, *password), "finishline: " + headline_of(message),
                           text_of(message), message.time.unix, stop));
  return good ? 0 : kNotRunning;
}

}  // namespace

int run_alert_command(int argc, char** argv) {
  CLI::App flags("Tells that something is wrong, or tries whether it could", "finishline alert");
  flags.require_subcommand(1);
  std::string file = kAlertConfig;
  CLI::App* const test = flags.add_subcommand(
      "test", "sends a message to alerts.webhook and to alerts.mail_server, and says what came of it");
  test->add_option("-c,--config", file, "configuration file")->capture_default_str();
  try {
    flags.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return tell(flags, error);
  }
  const auto config = configuration_of(file);
  return config ? test_alerts(config->alerts) : kBadUse;
}

}  // namespace finishline::cli
