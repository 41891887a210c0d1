// What people are told: alerts that come at once are one message. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lb/alert/engine.h"

namespace finishline::alert {

struct AlertMessage {
  std::vector<Alert> fired, ended;
  AlertTime time{};
};

/// One line: "[critical] video-1 is down: connection refused, since 12 s", or "[critical] 3 alerts:
/// server_down: video-1, video-2, video-3".
std::string headline_of(const AlertMessage& message);
/// All of it, a line for each alert.
std::string text_of(const AlertMessage& message);

/// Collects until nothing has been added to it for `wait`, at most ten times as long.
class AlertGroup {
 public:
  explicit AlertGroup(Nanos wait) : wait_(wait) {}
  void set_wait(Nanos wait) { wait_ = wait; }

  /// What is resolved before anybody was told that it fires is not told at all.
  void add(const std::vector<Alert>& fired, const std::vector<Alert>& ended, Instant now);
  /// The message, when it is time.
  std::optional<AlertMessage> take(AlertTime now);

 private:
  Nanos wait_;
  AlertMessage open_;
  Instant begun_at_{}, added_at_{};
};

}  // namespace finishline::alert
