// Asks somebody else for servers on other machines: runs a command with the words `up TYPE` or `down NAME`,
// or sends the same to a webhook, and tries again when that fails. Each order has a key that stays the same
// from try to try, so that who has carried it out already knows it again. Control process, on its loop.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lb/net/background.h"
#include "lb/net/loop.h"
#include "lb/sched/random.h"

namespace finishline::control {

struct ScaleOrder {
  std::string pool;
  bool up = true;
  std::string subject;  // a server type, or a server
  std::string key{};    // "": a new one
};

/// 32 digits of what tells one order from every other.
std::string order_key(std::uint64_t a, std::uint64_t b);

class ScaleActuator {
 public:
  struct Way {
    std::vector<std::string> command;  // words; none: the webhook
    std::string webhook;
    Nanos timeout = 30s;  // of one try; a webhook has a quarter of a minute at most
    std::uint32_t attempts = 3;
  };

  /// `seed` makes keys that no other process has. The loop outlives it.
  ScaleActuator(net::Loop& loop, std::uint64_t seed);
  /// Ends what is under way; nobody is told.
  ~ScaleActuator();
  ScaleActuator(const ScaleActuator&) = delete;
  ScaleActuator& operator=(const ScaleActuator&) = delete;

  /// `done` is called later, with whether the order was carried out; failures are logged.
  void give(const Way& way, ScaleOrder order, std::function<void(bool good)> done);
  std::size_t under_way() const { return errands_.size(); }

 private:
  class Errand;
  void remove(const Errand* errand);

  net::Loop& loop_;
  sched::Random random_;
  net::Background background_;
  std::vector<std::unique_ptr<Errand>> errands_;
  std::unique_ptr<Errand> ended_;
};

}  // namespace finishline::control
