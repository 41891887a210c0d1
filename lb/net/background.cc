#include "lb/net/background.h"

#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <system_error>
#include <utility>

namespace finishline::net {
namespace {

int open_event() {
  const int fd = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (fd >= 0) return fd;
  std::perror("finishline: eventfd");
  std::abort();
}

void signal_event(int fd) {
  constexpr std::uint64_t kOne = 1;
  static_cast<void>(::write(fd, &kOne, sizeof kOne));
}

/// Signals are the loop's: a thread that is made meanwhile is never interrupted by one.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

}  // namespace

Background::Background(Loop& loop)
    : ended_(open_event()), readable_(std::in_place, loop, ended_, [this] { take_first(); }) {}

Background::~Background() {
  if (thread_.joinable()) thread_.join();
  readable_.reset();
  ::close(ended_);
}

void Background::run(std::unique_ptr<Job> job) {
  jobs_.push_back(std::move(job));
  if (jobs_.size() == 1) begin_first();
}

void Background::begin_first() {
  const SignalsBlocked blocked;
  Job* const job = jobs_.front().get();
  try {
    thread_ = std::thread([job, ended = ended_] {
      job->work();
      signal_event(ended);
    });
  } catch (const std::system_error&) {
    job->work();
    signal_event(ended_);
  }
}

void Background::take_first() {
  std::uint64_t count = 0;
  if (::read(ended_, &count, sizeof count) < 0) return;
  if (thread_.joinable()) thread_.join();
  jobs_.front()->done();
  jobs_.pop_front();
  if (!jobs_.empty()) begin_first();
}

}  // namespace finishline::net
