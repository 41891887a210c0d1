// Threads of the library take no signals: all stay with the threads of the program.
#pragma once

#include <signal.h>

namespace finishline::clib {

/// As long as it lives, this thread has all signals blocked, and so have the threads that it begins.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace finishline::clib
