// One process that does many jobs, one at a time. Over its standard input and output goes, all numbers in
// network byte order:
//
//   job    = length body           ; 4 bytes, then so many
//   answer = status length body    ; 1 byte, a status of proto/PROTOCOL.md; 4 bytes, then so many
//
// One that ends, or says something else, is followed by another one.
#pragma once

#include <array>
#include <cstdint>

#include "lb/net/backoff.h"
#include "servers/job_runner.h"

namespace finishline::server {

class KeptProcess final : public JobRunner {
 public:
  KeptProcess(net::Loop& loop, const Options& options, Owner& owner);

  bool ready() const override { return !busy() && child_ && !leaving_; }
  void retire(Nanos patience) override;

 private:
  static constexpr std::size_t kLengthBytes = 4;
  static constexpr std::size_t kHeadBytes = 1 + kLengthBytes;

  void begin(const Job& job) override;
  void on_output(std::span<const std::byte> bytes) override;
  void on_exit(int status) override;

  void start_process();
  void start_again();
  void take_head(std::byte byte);
  void end_answer();
  void give_up(const std::string& reason);

  std::array<std::byte, kLengthBytes> job_head_{};
  std::array<std::byte, kHeadBytes> head_{};  // of the answer
  std::size_t head_filled_ = 0;
  std::uint32_t body_left_ = 0;
  bool leaving_ = false;  // it was told to end, or is killed
  bool retired_ = false;
  net::Backoff backoff_;
  net::Timer restart_;
  net::Timer patience_;
};

}  // namespace finishline::server
