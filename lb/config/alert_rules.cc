#include "lb/config/alert_rules.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "lb/alert/mail.h"

namespace finishline::config {
namespace {

/// Nothing that would begin another line, another word, or sign somebody in who stands in a readable file.
bool is_plain_url(std::string_view url, std::string_view scheme) {
  return url.starts_with(scheme) && url.size() > scheme.size() && url.find('@') == std::string_view::npos &&
         std::ranges::all_of(url, [](char c) { return c > ' ' && c < 0x7f; });
}

void check_addresses(Draft& draft, const Alerts& alerts) {
  if (const std::string fault = alert::address_fault(alerts.mail_from); !fault.empty())
    draft.report("alerts.mail_from", fault, "write for example \"finishline@example.org\"");
  const auto all = alert::addresses_in(alerts.mail_to);
  if (all.empty())
    draft.report("alerts.mail_to", "nobody gets mails", "write for example \"admin@example.org\"");
  for (const std::string& one : all)
    if (const std::string fault = alert::address_fault(one); !fault.empty())
      draft.report("alerts.mail_to", fault, "write for example \"admin@example.org, ops@example.org\"");
}

/// A password goes over an encrypted connection, or nowhere.
void check_sign_in(Draft& draft, const Alerts& alerts) {
  if (alerts.mail_user.empty() != alerts.mail_password_file.empty())
    draft.report(alerts.mail_user.empty() ? "alerts.mail_password_file" : "alerts.mail_user",
                 "mail_user and mail_password_file go together", "add the other one, or remove this one");
  if (alerts.mail_user.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos)
    draft.report("alerts.mail_user", "has a line break", "remove it");
  if (alerts.mail_user.empty() || alerts.mail_starttls == StartTls::required ||
      alerts.mail_server.starts_with("smtps://"))
    return;
  draft.report("alerts.mail_starttls", "the password would be sent for all to read",
               "set mail_starttls = \"required\", or take smtps://");
}

}  // namespace

void check_alerts(Draft& draft) {
  const Alerts& alerts = draft.config.alerts;
  if (!alerts.webhook.empty() && !is_plain_url(alerts.webhook, "http://") &&
      !is_plain_url(alerts.webhook, "https://"))
    draft.report("alerts.webhook", "expected a URL http://... or https://... without spaces and without user",
                 "write for example \"https://hooks.example.org/finishline\"");
  if (!alerts.webhook_secret_file.empty() && alerts.webhook.empty())
    draft.report("alerts.webhook_secret_file", "has no meaning without webhook", "add webhook, or remove it");
  if (alerts.mail_server.empty()) {
    for (const auto& [name, value] :
         {std::pair<const char*, const std::string&>{"mail_from", alerts.mail_from},
          {"mail_to", alerts.mail_to},
          {"mail_user", alerts.mail_user},
          {"mail_password_file", alerts.mail_password_file}})
      if (!value.empty())
        draft.report(std::string("alerts.") + name, "has no meaning without mail_server",
                     "add mail_server, or remove it");
    return;
  }
  if (!is_plain_url(alerts.mail_server, "smtp://") && !is_plain_url(alerts.mail_server, "smtps://"))
    draft.report("alerts.mail_server", "expected smtp://HOST:PORT or smtps://HOST:PORT",
                 "write for example \"smtp://mail.example.org:587\"");
  check_addresses(draft, alerts);
  check_sign_in(draft, alerts);
}

}  // namespace finishline::config
