// Alerts of a running proxy: looks at every overview, keeps what is open, tells log, page, webhook and mail.
// Control process, on its loop. What operators say of alerts is kept where there is a proxy.state_dir.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "lb/alert/engine.h"
#include "lb/alert/message.h"
#include "lb/config/config.h"
#include "lb/control/alert_memory.h"
#include "lb/control/alert_sensor.h"
#include "lb/control/notifier.h"
#include "lb/forecast/place_clock.h"
#include "lb/process/heritage.h"

namespace finishline::control {

class AlertService {
 public:
  /// `mark` tells the page of a line. The loop outlives it.
  AlertService(net::Loop& loop, const config::Config& config, const process::AlertSecrets& secrets,
               std::function<void(std::string text)> mark);

  /// The mean rate of all requests and streams from one Unix second to another, where it is known.
  using PastRate = std::function<std::optional<double>(std::int64_t from, std::int64_t to)>;
  void set_past_rate(PastRate past) { past_rate_ = std::move(past); }

  /// Of another configuration.
  void change_to(const config::Config& config);
  /// Before a change.
  void set_webhook_secret(std::string_view secret) {
    secrets_.webhook = process::Secret(std::string(secret));
  }
  void set_mail_password(std::string_view password) {
    secrets_.mail = process::Secret(std::string(password));
  }

  /// Once a second; the alerts that are open, for the page.
  nlohmann::ordered_json look(const Overview& overview, const Snapshot& snapshot, const Inventory& inventory);

  alert::AlertEngine& engine() { return engine_; }
  /// After a silence or an acknowledgement; whether a restart will know it.
  bool keep() const { return memory_.keep(engine_); }
  AlertCounts counts() const;
  Notifier& notifier() { return notifier_; }

 private:
  void tell(const alert::AlertEngine::Step& step);
  void look_at_machine(Instant now);
  void follow_clock(std::int64_t unix);
  void recall_week_ago(std::int64_t unix);

  net::Loop& loop_;
  bool enabled_;
  process::AlertSecrets secrets_;
  std::function<void(std::string)> mark_;
  AlertMemory memory_;
  alert::AlertEngine engine_;
  alert::AlertGroup group_;
  AlertSensor sensor_;
  MachineUse machine_;
  std::vector<WrittenPlace> written_;
  double worker_budget_ = 0;  // bytes
  Instant machine_seen_{};
  PastRate past_rate_;
  std::string zone_;                // proxy.timezone
  forecast::PlaceClock clock_;      // of the zone, for some days
  std::int64_t clock_ends_at_ = 0;  // Unix seconds
  std::int64_t hour_ = 0;           // of that clock, seconds / 3600
  Notifier notifier_;
};

}  // namespace finishline::control
