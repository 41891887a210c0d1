#include "lb/worker/relay.h"

#include <algorithm>
#include <cerrno>

namespace finishline::worker {

void RelayEnd::begin_reading() {
  open_ = true;
  if (!allowed_) stream_.pause_reading();
}

void RelayEnd::allow_reading(bool yes) {
  allowed_ = yes;
  if (!open_ || !stream_) return;
  if (yes) return go_on_reading();
  stream_.pause_reading();
}

void RelayEnd::go_on_reading() {
  if (stream_ && allowed_ && !ended_ && other_.buffered() == 0) stream_.resume_reading();
}

void RelayEnd::on_bytes(std::span<const std::byte> bytes) {
  owner_.on_moved(*this, bytes.size());
  const std::size_t taken = other_.stream_.write_now(bytes);
  if (taken < bytes.size() || other_.stream_.buffered() > 0) return hold_back(bytes.subspan(taken));
  if (bytes.size() >= read_size_ - read_size_ / 16) size_reads(read_size_ * 2);
}

/// This end is not read until the other has taken the rest.
void RelayEnd::hold_back(std::span<const std::byte> rest) {
  other_.stream_.write(rest);
  other_.stream_.tell_when_drained();
  stream_.pause_reading();
  size_reads(read_size_ / 2);
}

void RelayEnd::size_reads(std::size_t wanted) {
  read_size_ = std::clamp(wanted, kSmallRead, kLargeRead);
  stream_.limit_read(read_size_);
}

void RelayEnd::on_drained() {
  if (other_.ended_) return owner_.on_half_closed(other_);
  other_.go_on_reading();
}

void RelayEnd::on_end(net::End end) {
  if (end.orderly() && stream_.reset_by_peer()) end.code = -ECONNRESET;
  if (!end.orderly() || !open_) return owner_.on_broken(*this, end);
  ended_ = true;
  const bool all_over = other_.ended_ && other_.buffered() == 0 && buffered() == 0;
  if (all_over) return owner_.on_half_closed(*this);  // closing says it, too
  other_.stream_.shutdown();
  if (other_.buffered() == 0) return owner_.on_half_closed(*this);
  other_.stream_.tell_when_drained();
}

}  // namespace finishline::worker
