// What becomes of alerts: readings and a time in, alerts that begin and end out. Pure.
//
//              value >= threshold            ... for `hold`
//   (none)  ------------------------>  pending  --------->  firing
//      ^                                  |                    |
//      +---- value < threshold * clear ---+                    | ... for `calm`
//      +------------------- resolved <-------------------------+
//
// Whoever is to be told is told once that an alert fires and once that it is resolved, and again every
// `repeat` while it fires and nobody has acknowledged it. Of what is silenced nobody is told; when the
// silence ends, of what fires still.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lb/alert/alert.h"

namespace finishline::alert {

class AlertEngine {
 public:
  struct Options {
    AlertRules rules = default_rules();    // by RuleKind
    Nanos repeat = std::chrono::hours(4);  // 0: never
  };
  explicit AlertEngine(Options options) : options_(std::move(options)) {}

  struct Step {
    std::vector<Alert> fired, resolved;         // in this step, silenced ones too
    std::vector<Alert> tell_fired, tell_ended;  // of these somebody is to be told
  };
  /// One reading of each kind and subject. `now` does not go back.
  Step step(const std::vector<AlertReading>& readings, AlertTime now);

  /// Of alerts whose rule is off from now on the next step hears nothing more, so they are resolved.
  void set_options(Options options) { options_ = std::move(options); }
  const AlertRules& rules() const { return options_.rules; }
  void set_rule(RuleKind kind, AlertRule rule);

  /// Pending and firing, by id.
  std::vector<Alert> open() const;
  std::size_t firing() const;
  /// The latest two hundred, the oldest first.
  const std::deque<Alert>& resolved() const { return resolved_; }

  /// False when no such alert is open.
  bool acknowledge(const std::string& id, std::string by, double unix);

  using Acknowledgements = std::map<std::string, Alert::Acknowledgement, std::less<>>;
  /// By id: of alerts that are open, and of those that an earlier process has left and that have not come up
  /// again.
  Acknowledgements acknowledgements() const;
  /// What an earlier process has left. Of an alert that was acknowledged then and comes up again nobody is
  /// told again. Before the first step.
  void restore(std::vector<Silence> silences, Acknowledgements acknowledged);

  static constexpr std::size_t kMostSilences = 1000;
  /// Nothing when there are too many.
  std::optional<Silence> silence(std::string pattern, double until, std::string comment, std::string by);
  /// False when there is no such silence.
  bool end_silence(const std::string& id);
  /// Those that have not ended by the latest step.
  const std::vector<Silence>& silences() const { return silences_; }

 private:
  struct Open {
    Alert alert;
    std::optional<Instant> calm_since{};
    std::optional<Instant> told_at{};
  };
  using OpenAlerts = std::map<std::string, Open, std::less<>>;

  const AlertRule& rule_of(RuleKind kind) const { return options_.rules[static_cast<std::size_t>(kind)]; }
  void take(const AlertReading& reading, AlertTime now, Step& step);
  void recall(Open& open, Instant now);
  bool settle(Open& open, double value, AlertTime now, Step& step);
  void resolve(Open& open, AlertTime now, Step& step);
  void tell(Open& open, AlertTime now, Step& step) const;
  std::optional<double> silenced(const std::string& id, double unix) const;

  Options options_;
  OpenAlerts open_;
  std::deque<Alert> resolved_;
  std::vector<Silence> silences_;
  std::uint64_t last_silence_ = 0;
  Acknowledgements remembered_;  // of an earlier process, until they come up again
  std::optional<Instant> first_step_;
};

}  // namespace finishline::alert
