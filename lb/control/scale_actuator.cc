#include "lb/control/scale_actuator.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "lb/control/delivery.h"
#include "lb/log/log.h"
#include "lb/net/backoff.h"
#include "lb/net/child_process.h"
#include "lb/net/timer.h"

namespace finishline::control {
namespace {

constexpr std::size_t kKeptErrors = 200;  // bytes of what a command says

std::string key_of(sched::Random& random) { return order_key(random.next(), random.next()); }

std::string body_of(const ScaleOrder& order, const std::string& key) {
  return nlohmann::json{{"action", order.up ? "up" : "down"},
                        {order.up ? "type" : "server", order.subject},
                        {"pool", order.pool},
                        {"key", key}}
      .dump();
}

}  // namespace

std::string order_key(std::uint64_t a, std::uint64_t b) {
  std::array<char, 33> text{};
  std::snprintf(text.data(), text.size(), "%016llx%016llx", static_cast<unsigned long long>(a),
                static_cast<unsigned long long>(b));
  return text.data();
}

/// One order, from its first try to its last.
class ScaleActuator::Errand : private net::ChildEvents {
 public:
  Errand(ScaleActuator& owner, const Way& way, ScaleOrder order, std::string key,
         std::function<void(bool)> done)
      : owner_(owner),
        way_(way),
        order_(std::move(order)),
        key_(std::move(key)),
        done_(std::move(done)),
        again_(owner.loop_, [this] { try_once(); }),
        patience_(owner.loop_, [this] { give_up_waiting(); }) {}
  ~Errand() { *stop_ = true; }

  void try_once() {
    ++tries_;
    said_.clear();
    note_.clear();
    late_ = false;
    way_.command.empty() ? send() : run();
  }

 private:
  class Sending;

  void run() {
    net::ChildCommand command{.file = way_.command.front(),
                              .arguments = way_.command,
                              .environment = {"FINISHLINE_POOL=" + order_.pool, "FINISHLINE_KEY=" + key_}};
    command.arguments.emplace_back(order_.up ? "up" : "down");
    command.arguments.push_back(order_.subject);
    auto started = net::ChildProcess::start(owner_.loop_, command, *this);
    if (const auto* why = std::get_if<std::string>(&started)) return end(false, *why);
    patience_.start(way_.timeout);
    child_ = std::move(std::get<std::unique_ptr<net::ChildProcess>>(started));
    child_->end_input();
  }

  void send();

  void on_output(std::span<const std::byte>) override {}
  void on_errors(std::span<const std::byte> bytes) override {
    const std::size_t room = kKeptErrors - std::min(said_.size(), kKeptErrors);
    said_.append(reinterpret_cast<const char*>(bytes.data()), std::min(bytes.size(), room));
  }
  void on_exit(int status) override {
    if (child_->killed_others()) note_ = "what it left running was killed; setsid keeps it";
    child_.reset();
    const std::string words = late_ ? "it took too long" : net::describe_exit(status) + " " + said_;
    end(status == 0 && !late_, words);
  }

  /// For the command: a webhook's order gives up by itself.
  void give_up_waiting() {
    late_ = true;
    if (child_) child_->kill();
  }

  void end(bool good, const std::string& words) {
    patience_.stop();
    const bool last = tries_ >= way_.attempts;
    const std::string order = (order_.up ? "up " : "down ") + order_.subject;
    if (good && !note_.empty()) {
      log::write(log::Event::scale_ordered,
                 {{"pool", order_.pool}, {"order", order}, {"key", key_}, {"note", note_}});
    } else if (good) {
      log::write(log::Event::scale_ordered, {{"pool", order_.pool}, {"order", order}, {"key", key_}});
    } else {
      log::write(
          log::Event::scale_failed,
          {{"pool", order_.pool}, {"order", order}, {"try", tries_}, {"reason", words}, {"again", !last}});
      if (!last) return again_.start(backoff_.next(0.5));
    }
    const auto done = std::move(done_);
    owner_.remove(this);
    done(good);
  }

  ScaleActuator& owner_;
  const Way way_;
  const ScaleOrder order_;
  const std::string key_;
  std::function<void(bool)> done_;
  std::uint32_t tries_ = 0;
  bool late_ = false;
  std::string said_;
  std::string note_;  // on what the command has done; "": nothing
  net::Backoff backoff_{500ms, 30s};
  net::Timer again_, patience_;
  std::unique_ptr<net::ChildProcess> child_;
  std::shared_ptr<std::atomic<bool>> stop_ = std::make_shared<std::atomic<bool>>(false);
};

/// On the thread; whoever waits for it may be gone.
class ScaleActuator::Errand::Sending : public net::Background::Job {
 public:
  explicit Sending(Errand& errand)
      : errand_(errand),
        target_{.url = errand.way_.webhook, .timeout = errand.way_.timeout},
        body_(body_of(errand.order_, errand.key_)),
        stop_(errand.stop_) {}
  void work() override { result_ = send_webhook(target_, body_, *stop_); }
  void done() override {
    if (!*stop_) errand_.end(result_.good, result_.words);
  }

 private:
  Errand& errand_;
  const WebhookTarget target_;
  const std::string body_;
  const std::shared_ptr<std::atomic<bool>> stop_;
  DeliveryResult result_;
};

void ScaleActuator::Errand::send() { owner_.background_.run(std::make_unique<Sending>(*this)); }

ScaleActuator::ScaleActuator(net::Loop& loop, std::uint64_t seed)
    : loop_(loop), random_(seed), background_(loop) {}

ScaleActuator::~ScaleActuator() = default;

void ScaleActuator::give(const Way& way, ScaleOrder order, std::function<void(bool good)> done) {
  std::string key = order.key.empty() ? key_of(random_) : order.key;
  errands_.push_back(std::make_unique<Errand>(*this, way, std::move(order), std::move(key), std::move(done)));
  errands_.back()->try_once();
}

/// It may be called from within it: it goes with the next one.
void ScaleActuator::remove(const Errand* errand) {
  const auto found = std::ranges::find(errands_, errand, [](const auto& it) { return it.get(); });
  if (found == errands_.end()) return;
  ended_ = std::move(*found);
  errands_.erase(found);
}

}  // namespace finishline::control
