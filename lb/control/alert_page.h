// Alerts, rules and silences as JSON: for the API, the live page and the webhook. Pure. Control process.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "lb/alert/engine.h"
#include "lb/alert/message.h"

namespace finishline::control {

nlohmann::ordered_json alert_json(const alert::Alert& alert, Instant now);
/// Of all that is open; and, if wanted, what was resolved lately.
nlohmann::ordered_json alerts_json(const alert::AlertEngine& engine, Instant now, bool resolved_too);
nlohmann::ordered_json rule_json(const alert::AlertRule& rule);
nlohmann::ordered_json silence_json(const alert::Silence& silence);
/// {"alerts", "rules", "silences"}
nlohmann::ordered_json alert_page(const alert::AlertEngine& engine, Instant now, bool resolved_too);

/// What the webhook is sent, in one line.
std::string webhook_body(const alert::AlertMessage& message);

}  // namespace finishline::control
