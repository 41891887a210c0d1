#include "lb/net/stream.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "lb/net/stream_block.h"
#include "lb/net/stream_tls.h"

namespace finishline::net {
namespace {

constexpr std::size_t kLeastOut = 2048;

}  // namespace

// Without a route to the other side the kernel reports that, once its patience is over.
bool End::silent() const { return code == UV_ETIMEDOUT || code == UV_EHOSTUNREACH || code == UV_ENETUNREACH; }

std::string End::text() const {
  if (orderly()) return "end of stream";
  // libuv's words leave open whose address it is.
  if (code == UV_EADDRNOTAVAIL)
    return "nothing to connect from: no such source address here, or all its ports are in use";
  if (code == StreamTls::kTruncated) return "the other side has ended TLS without saying so";
  return uv_strerror(code);
}

TcpStream::TcpStream(Loop& loop, int fd) {
  StreamBlock* block = StreamBlock::make(loop);
  if (uv_tcp_open(&block->handle, fd) != 0) {
    ::close(fd);
    block->close();
    return;
  }
  block->life.enter(StreamLife::open);
  block_.reset(block);
}

TcpStream TcpStream::connect(Loop& loop, const Address& address, StreamEvents& events,
                             const Address& source) {
  StreamBlock* block = StreamBlock::make(loop);
  block->events = &events;
  block->connect(address, source);
  return TcpStream(block);
}

void TcpStream::begin_tls(std::unique_ptr<tls::TlsEngine> engine, std::span<const std::byte> first) {
  block_->begin_tls(std::move(engine));
  block_->tls->wire.append(first);
}

const tls::TlsEngine* TcpStream::tls() const {
  return block_ != nullptr && block_->tls != nullptr ? block_->tls->engine.get() : nullptr;
}

std::string TcpStream::why(End end) const {
  const tls::TlsEngine* const engine = tls();
  return engine != nullptr && !engine->reason().empty() ? "TLS: " + engine->reason() : end.text();
}

void TcpStream::limit_read(std::size_t most) { block_->most_read = most; }

void TcpStream::start(StreamEvents& events) {
  block_->events = &events;
  block_->start_reading();
}

void TcpStream::watch_end(StreamEvents& events) {
  block_->events = &events;
  block_->watch_end();
}

bool TcpStream::here() const { return block_->look() == StreamBlock::Look::here; }

bool TcpStream::broken() const { return block_->broken(); }

void TcpStream::hear_out() { block_->hears_out = true; }

std::size_t TcpStream::unconfirmed() const {
  int in_kernel = 0;
  ::ioctl(block_->fd(), SIOCOUTQ, &in_kernel);
  return buffered() + static_cast<std::size_t>(in_kernel);
}

void TcpStream::pause_reading() { block_->stop_reading(); }

void TcpStream::resume_reading() { block_->start_reading(); }

bool TcpStream::reading() const { return block_->reading(); }

std::byte* TcpStream::prepare(std::size_t n) {
  Buffer& out = block_->out;
  if (out.capacity() == 0) {
    out = block_->loop->spare_.take(std::max({n, block_->usual_out, kLeastOut}));
  } else if (out.capacity() - out.size() < n) {
    block_->loop->spare_.enlarge(out, n);
  }
  return out.prepare(n);
}

void TcpStream::commit(std::size_t n) {
  if (block_->failed()) return;
  block_->out.commit(n);
  block_->account();
  block_->mark_dirty();
  if (block_->out.size() >= kSendEarly && block_->in_kernel_queue == 0) block_->send_early();
  if (above_high_water()) block_->drained_wanted = true;
}

void TcpStream::write(std::span<const std::byte> bytes) {
  if (bytes.empty()) return;
  if (bytes.size() >= kSendWhole && block_->may_send()) {
    block_->send_behind(bytes);
    if (above_high_water()) block_->drained_wanted = true;
    return;
  }
  std::copy(bytes.begin(), bytes.end(), prepare(bytes.size()));
  commit(bytes.size());
}

std::size_t TcpStream::write_now(std::span<const std::byte> bytes) {
  if (block_->failed() || buffered() > 0) return 0;
  if (block_->tls) [[unlikely]]
    return block_->seal_now(bytes);
  const ssize_t sent = block_->send_now(bytes);
  if (sent >= 0) return static_cast<std::size_t>(sent);
  const int code = static_cast<int>(sent);
  if (block_->leave_to_reader(code)) return 0;
  block_->mark_failed(code);
  block_->mark_dirty();  // told at the end of the turn: never from inside this call
  return 0;
}

void TcpStream::tell_when_drained() { block_->drained_wanted = true; }

Address TcpStream::local_address() const { return bound_address(block_->fd()); }
Address TcpStream::peer_address() const { return net::peer_address(block_->fd()); }

bool TcpStream::reset_by_peer() const {
  int error = 0;
  socklen_t length = sizeof error;
  return ::getsockopt(block_->fd(), SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error == ECONNRESET;
}

void TcpStream::expect_more(bool yes) { block_->more_expected = yes; }

std::size_t TcpStream::buffered() const { return block_->buffered(); }

bool TcpStream::above_high_water() const { return block_->buffered() > block_->high_water; }

void TcpStream::set_tcp_timeouts(const TcpTimeouts& tcp_timeouts) {
  net::set_tcp_timeouts(block_->fd(), tcp_timeouts);
}

void TcpStream::set_high_water(std::size_t bytes) { block_->high_water = bytes; }

void TcpStream::finish(Nanos patience) {
  if (block_) block_.release()->linger(patience);
}

void TcpStream::shutdown() {
  block_->more_expected = false;
  const bool idle = !block_->tls && !block_->connecting() && block_->dirty_index == StreamBlock::kNotDirty &&
                    buffered() == 0;
  if (idle) {
    block_->shut_down();
    return;
  }
  if (!block_->failed()) block_->output.enter(StreamOutput::ending);
  block_->mark_dirty();
}

void TcpStream::reset() {
  if (!block_) return;
  StreamBlock* block = block_.release();
  block->events = nullptr;
  block->unmark_dirty();
  block->decrypt_never();
  block->unwatch();
  block->write_off();
  if (uv_tcp_close_reset(&block->handle, StreamBlock::free) != 0) return block->close();
  block->life.enter(StreamLife::closed);
}

void TcpStream::Close::operator()(StreamBlock* block) const { block->close(); }

}  // namespace finishline::net
