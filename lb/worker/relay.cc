#include "lb/worker/relay.h"

#include <algorithm>
#include <cerrno>
#include <utility>

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
  owner_.on_moved(*this, bytes.size(), BulkWay::copy);
  const std::size_t taken = other_.stream_.write_now(bytes);
  full_reads_ = is_long(bytes.size()) ? full_reads_ + 1 : 0;
  if (full_reads_ >= kFullReads && mover_ != nullptr) begin_bulk();
  if (taken < bytes.size() || other_.stream_.buffered() > 0) return hold_back(bytes.subspan(taken));
  size_next_read(bytes.size());
}

/// Larger, where a read has filled its room.
void RelayEnd::size_next_read(std::size_t got) {
  if (got >= read_size_ - read_size_ / 16) size_reads(read_size_ * 2);
}

// --- in bulk -------------------------------------------------------------------------------------------

void RelayEnd::begin_bulk() {
  if (stream_.tls() != nullptr || other_.stream_.tls() != nullptr) return;
  small_moves_ = 0;
  stream_.read_by_hand(true);
}

void RelayEnd::leave_bulk() {
  full_reads_ = 0;
  if (stream_) stream_.read_by_hand(false);
}

void RelayEnd::on_readable() {
  const BulkRule::Next next = mover_->next(wanted_);
  if (next.way == BulkWay::splice && other_.buffered() == 0) other_.pipe_ = mover_->take_pipe();
  if (other_.pipe_) return splice_on(next.measured);
  copy_on(next.measured && next.way == BulkWay::copy);
}

void RelayEnd::copy_on(bool measured) {
  BulkStopwatch watch(*mover_, BulkWay::copy, measured);
  const std::span<const std::byte> bytes = stream_.read_now();
  if (bytes.empty()) return leave_bulk();
  watch.in(bytes.size());
  owner_.on_moved(*this, bytes.size(), BulkWay::copy);
  const std::size_t taken = other_.stream_.write_now(bytes);
  if (taken < bytes.size()) {
    hold_back(bytes.subspan(taken));
  } else {
    go_on_in_bulk(taken);
  }
  watch.out(taken);
}

void RelayEnd::splice_on(bool measured) {
  BulkStopwatch watch(*mover_, BulkWay::splice, measured);
  const std::size_t got = stream_.splice_into(*other_.pipe_);
  if (got == 0) {
    other_.pipe_.reset();
    return leave_bulk();
  }
  watch.in(got);
  owner_.on_moved(*this, got, BulkWay::splice);
  const std::size_t taken = other_.stream_.splice_from(*other_.pipe_);
  if (taken < got) {
    hold_back_pipe();
  } else {
    other_.pipe_.reset();
    go_on_in_bulk(got);
  }
  watch.out(taken);
}

void RelayEnd::go_on_in_bulk(std::size_t got) {
  size_next_read(got);
  small_moves_ = is_long(got) ? 0 : small_moves_ + 1;
  if (small_moves_ >= kSmallMoves) leave_bulk();
}

/// As hold_back(), of what stands in the pipe.
void RelayEnd::hold_back_pipe() {
  other_.wait_for_pipe();
  stream_.pause_reading();
}

/// on_drained() will come.
void RelayEnd::wait_for_pipe() {
  stream_.write_head(*pipe_);
  stream_.tell_when_drained();
}

/// Whether all of it is gone.
bool RelayEnd::drain_pipe() {
  if (!pipe_) return true;
  const std::size_t held = pipe_->held();
  if (stream_.splice_from(*pipe_) < held && piped() > 0) {
    wait_for_pipe();
    return false;
  }
  pipe_.reset();
  return true;
}

// --- held back, and the end ------------------------------------------------------------------------------

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
  if (!drain_pipe()) return;
  if (std::exchange(shutdown_behind_pipe_, false)) stream_.shutdown();
  if (other_.ended_) return owner_.on_half_closed(other_);
  other_.go_on_reading();
}

void RelayEnd::on_end(net::End end) {
  if (end.orderly() && stream_.reset_by_peer()) end.code = -ECONNRESET;
  if (!end.orderly() || !open_) return owner_.on_broken(*this, end);
  ended_ = true;
  const bool all_over = other_.ended_ && other_.buffered() == 0 && buffered() == 0;
  if (all_over) return owner_.on_half_closed(*this);  // closing says it, too
  if (other_.piped() > 0) {
    other_.shutdown_behind_pipe_ = true;
  } else {
    other_.stream_.shutdown();
  }
  if (other_.buffered() == 0) return owner_.on_half_closed(*this);
  other_.stream_.tell_when_drained();
}

}  // namespace finishline::worker
