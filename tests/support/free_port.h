// A TCP port of 127.0.0.1 that the kernel chose and that stays ours.
#pragma once

#include <cstdint>
#include <string>

namespace finishline::test {

/// Bound, not listening: a connection to it is refused, the kernel gives it to nobody else, and a program
/// that sets SO_REUSEADDR, as ours do, can listen on it, die, and listen on it again.
class FreePort {
 public:
  FreePort();
  ~FreePort();
  FreePort(FreePort&& other) noexcept;
  FreePort& operator=(FreePort&&) = delete;

  std::uint16_t number() const { return number_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(number_); }

 private:
  int fd_;
  std::uint16_t number_;
};

}  // namespace finishline::test
