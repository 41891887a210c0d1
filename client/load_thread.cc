#include "client/load_thread.h"

#include <utility>
#include <variant>

namespace finishline::client {

LoadThread::LoadThread(Runner::Settings settings, const Scenario& scenario, StepTallies steps, bool watched)
    : journal_(std::get<Journal>(Journal::open({}, scenario.cost, {}))),
      tally_(scenario.cost.request_types().size(), std::move(steps)),
      runner_(loop_, std::move(settings), scenario.plan(), scenario.cost, tally_, journal_) {
  if (watched) tally_.watch();
  runner_.on_tick([this] {
    if (stopping_) runner_.stop({Ending::Kind::interrupted, kInterrupted});
    if (at_once_) runner_.stop_at_once();
    tell();
  });
}

LoadThread::~LoadThread() {
  stop();
  join();
}

void LoadThread::start() {
  thread_ = std::thread([this] { play(); });
}

void LoadThread::play() {
  const OwnTime before = own_time();
  ending_ = runner_.play();
  own_ = own_time() - before;
  tell();
  done_ = true;
}

void LoadThread::tell() {
  open_ = runner_.open_requests();
  answered_ = tally_.sent() + runner_.warm_up().sent() - runner_.open_requests();
  if (!tally_.watched()) return;
  const Interval interval = tally_.take_interval();
  const std::lock_guard lock(mutex_);
  told_.merge(interval);
}

Interval LoadThread::take_interval() {
  const std::lock_guard lock(mutex_);
  return std::exchange(told_, {});
}

void LoadThread::join() {
  if (thread_.joinable()) thread_.join();
}

}  // namespace finishline::client
