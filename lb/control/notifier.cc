#include "lb/control/notifier.h"

#include <memory>
#include <utility>

#include "lb/control/alert_page.h"
#include "lb/log/log.h"

namespace finishline::control {

/// One message, sent on the thread.
class NotificationChannel::Attempt : public net::Background::Job {
 public:
  Attempt(NotificationChannel& channel, const Queued& queued)
      : channel_(channel), send_(queued.send), number_(queued.number) {}
  void work() override { result_ = send_(channel_.stop_); }
  void done() override { channel_.end(number_, result_); }

 private:
  NotificationChannel& channel_;
  const Send send_;
  const std::uint64_t number_;
  DeliveryResult result_;
};

NotificationChannel::NotificationChannel(net::Loop& loop, std::string name, Patience patience)
    : loop_(loop),
      name_(std::move(name)),
      patience_(patience),
      backoff_(patience.first, patience.most),
      again_(loop, [this] { try_first(); }),
      background_(loop) {}

NotificationChannel::~NotificationChannel() { stop_ = true; }

void NotificationChannel::go_on_from(std::int64_t sent, std::int64_t failed, std::function<void(bool)> keep) {
  sent_ = sent;
  failed_ = failed;
  keep_ = std::move(keep);
}

void NotificationChannel::note(bool good) {
  ++(good ? sent_ : failed_);
  if (keep_) keep_(good);
}

void NotificationChannel::add(Send send) {
  if (queue_.size() >= kMostQueued) give_up_first("too many wait");
  queue_.push_back({.send = std::move(send), .number = ++last_});
  if (!sending_ && !again_.active()) try_first();
}

void NotificationChannel::clear() {
  while (!queue_.empty()) give_up_first("there is nobody to tell any more");
}

void NotificationChannel::try_first() {
  if (queue_.empty() || sending_) return;
  sending_ = true;
  ++queue_.front().attempts;
  background_.run(std::make_unique<Attempt>(*this, queue_.front()));
}

/// The first may have been given up meanwhile.
void NotificationChannel::end(std::uint64_t number, const DeliveryResult& result) {
  sending_ = false;
  const bool is_first = !queue_.empty() && queue_.front().number == number;
  if (result.good) {
    log::write(log::Event::notification_sent, {{"channel", name_}, {"reply", result.words}});
    backoff_.reset();
    note(true);
    if (is_first) queue_.pop_front();
    return try_first();
  }
  if (!is_first) return try_first();
  if (!result.may_help || queue_.front().attempts >= patience_.attempts) {
    give_up_first(result.words);
    return try_first();
  }
  log::write(log::Event::notification_failed,
             {{"channel", name_}, {"reason", result.words}, {"again", "yes"}});
  again_.start(backoff_.next(static_cast<double>(loop_.now().time_since_epoch().count() % 1000) / 1000));
}

void NotificationChannel::give_up_first(const std::string& why) {
  log::write(log::Event::notification_failed, {{"channel", name_}, {"reason", why}, {"again", "no"}});
  note(false);
  queue_.pop_front();
}

void Notifier::set_targets(WebhookTarget webhook, MailTarget mail) {
  webhook_ = std::move(webhook);
  mail_ = std::move(mail);
  if (webhook_.url.empty()) webhook_channel_.clear();
  if (mail_.server.empty()) mail_channel_.clear();
}

void Notifier::tell(const alert::AlertMessage& message) {
  if (!webhook_.url.empty())
    webhook_channel_.add([target = webhook_, body = webhook_body(message)](const std::atomic<bool>& stop) {
      return send_webhook(target, body, stop);
    });
  if (!mail_.server.empty())
    mail_channel_.add([target = mail_, subject = "finishline: " + headline_of(message),
                       text = text_of(message), time = message.time.unix](const std::atomic<bool>& stop) {
      return send_mail(target, subject, text, time, stop);
    });
}

}  // namespace finishline::control
