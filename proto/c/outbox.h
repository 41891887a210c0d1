// The bytes that a connection has still to send, and how far it has come. Any thread, one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "proto/frame.h"

namespace finishline::clib {

class Outbox {
 public:
  /// Behind all else; sets the header's body_bytes.
  void put(proto::FrameHeader header, std::span<const std::byte> body = {});

  enum class Flush : std::uint8_t {
    done,  // nothing is left
    full,  // the kernel takes no more now
    lost,  // the connection is broken; errno says how
  };
  /// Sends what the kernel takes.
  Flush flush(int fd);

  std::size_t size() const { return bytes_.size() - used_; }
  bool empty() const { return size() == 0; }
  /// Bytes that have ever been put, and sent: where the next frame begins, and whether one has begun to go.
  std::uint64_t put_so_far() const { return sent_ + size(); }
  std::uint64_t sent_so_far() const { return sent_; }

 private:
  void forget_sent();

  std::vector<std::byte> bytes_;
  std::size_t used_ = 0;  // a prefix of bytes_ that has been sent
  std::uint64_t sent_ = 0;
};

}  // namespace finishline::clib
