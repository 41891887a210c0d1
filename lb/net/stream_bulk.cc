// Of a TcpStream that is read by hand: whole stretches of bytes, copied or spliced.
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "lb/net/pipe_pool.h"
#include "lb/net/stream.h"
#include "lb/net/stream_block.h"

namespace finishline::net {

/// Nothing the owner does in there tells it of an end: that comes when it has returned.
void StreamBlock::read_by_owner() {
  ++loop->reads_;
  if (events != nullptr) events->on_readable();
  if (hand_error != 0 && events != nullptr) fail(std::exchange(hand_error, 0));
}

void TcpStream::read_by_hand(bool yes) { block_->by_hand = yes; }

std::span<const std::byte> TcpStream::read_now() {
  const std::span<std::byte> room = block_->loop->read_buffer();
  const std::size_t most = std::min({room.size(), block_->most_read, block_->most_allowed()});
  const ssize_t got = ::recv(block_->fd(), room.data(), most, MSG_DONTWAIT);
  if (got > 0) return room.first(static_cast<std::size_t>(got));
  if (got == 0) block_->by_hand = false;
  if (got < 0 && errno != EAGAIN && errno != EINTR) block_->hand_error = uv_translate_sys_error(errno);
  return {};
}

std::size_t TcpStream::splice_into(SplicePipe& pipe) {
  const ssize_t got = pipe.fill_from(block_->fd(), block_->most_allowed());
  if (got >= 0) return static_cast<std::size_t>(got);
  block_->by_hand = false;  // libuv reads next, and meets the end, if that is what it was
  const int code = uv_translate_sys_error(static_cast<int>(-got));
  if (End{code}.silent() || code == UV_ECONNRESET || code == UV_EPIPE) block_->hand_error = code;
  return 0;
}

std::size_t TcpStream::splice_from(SplicePipe& pipe) {
  if (block_->failed() || buffered() > 0) return 0;
  const ssize_t sent = pipe.empty_into(block_->fd());
  if (sent >= 0) return static_cast<std::size_t>(sent);
  const int code = uv_translate_sys_error(static_cast<int>(-sent));
  if (block_->leave_to_reader(code)) return 0;
  block_->mark_failed(code);
  block_->mark_dirty();  // told at the end of the turn
  return 0;
}

void TcpStream::write_head(SplicePipe& pipe) {
  const std::size_t most = std::min(kHead, pipe.held());
  const ssize_t got = pipe.take_head({prepare(most), most});
  if (got > 0) commit(static_cast<std::size_t>(got));
}

}  // namespace finishline::net
