// Sends one message, over HTTP or SMTP, and waits until that has ended (libcurl). For a thread that may wait;
// touches nothing but its arguments. Control process, and commands.
#pragma once

#include <atomic>
#include <string>
#include <string_view>

#include "lb/config/config.h"
#include "lb/process/secret.h"

namespace finishline::control {

struct DeliveryResult {
  bool good = false;
  bool may_help = false;  // to try it again later
  std::string words;      // "204", "Connection refused"
};

struct WebhookTarget {
  std::string url;
  process::Secret secret{};  // "": messages are not signed
  std::string ca_file{};     // "": the system's certificates
  Nanos timeout = 15s;       // of the whole; never more
};

struct MailTarget {
  std::string server;  // smtp:// or smtps://
  std::string from, to;
  std::string user{};  // "": nobody signs in
  process::Secret password{};
  config::StartTls starttls = config::StartTls::required;
  std::string ca_file{};
};

/// None where the configuration has none: an empty URL or server.
WebhookTarget webhook_target(const config::Alerts& alerts, const process::Secret& secret);
MailTarget mail_target(const config::Alerts& alerts, const process::Secret& password);

/// Gives up after `timeout`, at most a quarter of a minute, and within some tenths of a second when `stop`
/// becomes true.
DeliveryResult send_webhook(const WebhookTarget& target, const std::string& body,
                            const std::atomic<bool>& stop);
/// Gives up after a quarter of a minute, otherwise likewise. `time` is in Unix seconds, for the header.
DeliveryResult send_mail(const MailTarget& target, const std::string& subject, const std::string& text,
                         double time, const std::atomic<bool>& stop);

/// "sha256=" and the HMAC-SHA256 of the body by the secret, in hexadecimal digits.
std::string signature_of(std::string_view body, std::string_view secret);

}  // namespace finishline::control
