// Tells others of alerts, over the webhook and by mail: one message after another each, tried again where
// that may help, without anybody waiting for it. Control process, on its loop.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>

#include "lb/alert/message.h"
#include "lb/control/delivery.h"
#include "lb/net/background.h"
#include "lb/net/backoff.h"
#include "lb/net/loop.h"
#include "lb/net/timer.h"

namespace finishline::control {

/// One way of telling. What cannot be told waits, bounded, in the order in which it came.
class NotificationChannel {
 public:
  /// On a thread of its own; see delivery.h.
  using Send = std::function<DeliveryResult(const std::atomic<bool>& stop)>;
  struct Patience {
    Nanos first = 1s, most = std::chrono::minutes(2);  // between two attempts
    int attempts = 10;                                 // then a message is given up
  };
  static constexpr std::size_t kMostQueued = 64;  // beyond, the oldest is given up

  /// `name` stands in the log: "webhook".
  NotificationChannel(net::Loop& loop, std::string name, Patience patience);
  ~NotificationChannel();

  /// Goes on from what an earlier process has counted, and has `keep` told of each message from now on, when
  /// it has been sent (true) or given up.
  void go_on_from(std::int64_t sent, std::int64_t failed, std::function<void(bool good)> keep);

  void add(Send send);
  /// Gives up what waits.
  void clear();

  std::size_t queued() const { return queue_.size(); }
  std::int64_t sent() const { return sent_; }
  /// Given up, each once.
  std::int64_t failed() const { return failed_; }

 private:
  class Attempt;
  struct Queued {
    Send send;
    int attempts = 0;
    std::uint64_t number = 0;
  };

  void note(bool good);
  void try_first();
  void end(std::uint64_t number, const DeliveryResult& result);
  void give_up_first(const std::string& why);

  net::Loop& loop_;
  std::string name_;
  Patience patience_;
  net::Backoff backoff_;
  std::deque<Queued> queue_;
  std::uint64_t last_ = 0;
  std::int64_t sent_ = 0, failed_ = 0;
  std::function<void(bool)> keep_;
  bool sending_ = false;
  net::Timer again_;
  std::atomic<bool> stop_{false};
  net::Background background_;  // ends first: it uses what stands above
};

class Notifier {
 public:
  explicit Notifier(net::Loop& loop) : Notifier(loop, {}) {}
  Notifier(net::Loop& loop, NotificationChannel::Patience patience)
      : webhook_channel_(loop, "webhook", patience), mail_channel_(loop, "mail", patience) {}

  /// From now on; what waits for a target that there is no more is given up.
  void set_targets(WebhookTarget webhook, MailTarget mail);
  void tell(const alert::AlertMessage& message);

  NotificationChannel& webhook() { return webhook_channel_; }
  NotificationChannel& mail() { return mail_channel_; }
  const NotificationChannel& webhook() const { return webhook_channel_; }
  const NotificationChannel& mail() const { return mail_channel_; }

 private:
  WebhookTarget webhook_;
  MailTarget mail_;
  NotificationChannel webhook_channel_, mail_channel_;
};

}  // namespace finishline::control
