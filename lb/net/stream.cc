#include "lb/net/stream.h"

#include <unistd.h>
#include <uv.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "lb/net/stream_block.h"

namespace finishline::net {
namespace {

template <class Handle>
uv_handle_t* as_handle(Handle* handle) {
  return reinterpret_cast<uv_handle_t*>(handle);
}

constexpr std::size_t kLeastOut = 2048;

uv_stream_t* as_stream(StreamBlock& block) { return reinterpret_cast<uv_stream_t*>(&block.handle); }

StreamBlock* block_of(uv_stream_t* handle) { return static_cast<StreamBlock*>(handle->data); }

void free_block(uv_handle_t* handle) { delete static_cast<StreamBlock*>(handle->data); }

/// A block with an initialised handle; from here on only close() may free it.
StreamBlock* make_block(Loop& loop, uv_loop_t* raw) {
  auto* block = new StreamBlock(loop);
  uv_tcp_init(raw, &block->handle);
  block->handle.data = block;
  return block;
}

/// What is read here may have to lie here, when whom it is for does not take it: the more lies here already,
/// the less is read at once.
std::size_t most_to_read(std::size_t buffered) {
  constexpr std::size_t kMuch = 64U << 20;
  if (buffered < kMuch) return ~std::size_t{0};
  return buffered < 4 * kMuch ? 64 * 1024 : 4096;
}

}  // namespace

// Without a route to the other side the kernel reports that, once its patience is over.
bool End::silent() const { return code == UV_ETIMEDOUT || code == UV_EHOSTUNREACH || code == UV_ENETUNREACH; }

std::string End::text() const { return orderly() ? "end of stream" : uv_strerror(code); }

// --- the block ---------------------------------------------------------------------------------------

void StreamBlock::mark_dirty() {
  if (dirty_index != kNotDirty) return;
  dirty_index = loop->dirty_.size();
  loop->dirty_.push_back(this);
}

void StreamBlock::unmark_dirty() {
  if (dirty_index == kNotDirty) return;
  loop->dirty_[dirty_index] = nullptr;
  dirty_index = kNotDirty;
}

void StreamBlock::flush() {
  unmark_dirty();
  if (in_kernel_queue > 0) return;  // on_written() comes back here
  if (!failed) send();
  if (failed) return close_or_report();
  if (in_kernel_queue == 0) after_flush();
}

void StreamBlock::send() {
  if (out.empty()) return;
  const std::size_t bytes = out.size();
  const ssize_t sent = send_now(out.bytes());
  if (sent < 0) return mark_failed(static_cast<int>(sent));
  if (static_cast<std::size_t>(sent) < bytes) return queue_rest(static_cast<std::size_t>(sent));
  usual_out = bytes;
  loop->spare_.give_back(std::move(out));
  out = Buffer();
  account();
}

ssize_t StreamBlock::send_now(std::span<const std::byte> bytes) {
  uv_os_fd_t fd = -1;
  uv_fileno(as_handle(&handle), &fd);
  for (;;) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0) return sent;
    if (errno == EAGAIN) return 0;
    if (errno != EINTR) return uv_translate_sys_error(errno);
  }
}

void StreamBlock::send_early() {
  send();
  if (failed) mark_dirty();  // the owner is in the middle of writing: it hears of it at the end of the turn
}

void StreamBlock::after_flush() {
  if (shutdown_wanted && !connecting) {
    shutdown_wanted = false;
    const bool told = shut_down();
    if (lingering && (ended || !told)) return close();
  }
  if (drained_wanted && events != nullptr) {
    drained_wanted = false;
    events->on_drained();
  }
}

/// At once, where uv_shutdown() would wait for a turn and change what is polled for twice: nothing is queued
/// in libuv when this is called.
bool StreamBlock::shut_down() {
  uv_os_fd_t fd = -1;
  return uv_fileno(as_handle(&handle), &fd) == 0 && ::shutdown(fd, SHUT_WR) == 0;
}

void StreamBlock::queue_rest(std::size_t sent) {
  out.drop_front(sent);
  auto* op = new WriteOp{{}, std::move(out)};
  out = Buffer();
  op->request.data = op;
  in_kernel_queue = op->bytes.size();
  uv_buf_t buffer = uv_buf_init(const_cast<char*>(reinterpret_cast<const char*>(op->bytes.bytes().data())),
                                static_cast<unsigned>(op->bytes.size()));
  const int code = uv_write(&op->request, as_stream(*this), &buffer, 1, [](uv_write_t* request, int status) {
    auto* done = static_cast<WriteOp*>(request->data);
    StreamBlock* block = block_of(request->handle);
    block->loop->spare_.give_back(std::move(done->bytes));
    delete done;
    block->on_written(status);
  });
  account();
  if (code == 0) return;
  delete op;
  in_kernel_queue = 0;
  mark_failed(code);
}

void StreamBlock::on_written(int status) {
  in_kernel_queue = 0;
  account();
  if (status == UV_ECANCELED) return;  // closing
  if (status < 0) return fail(status);
  if (out.size() <= TcpStream::kLowWater) {
    flush();
  } else {
    mark_dirty();
  }
}

void StreamBlock::mark_failed(int code) {
  failed = true;
  end_code = code;
  out = Buffer();
  account();
  stop_reading();
}

void StreamBlock::fail(int code) {
  mark_failed(code);
  close_or_report();
}

void StreamBlock::close_or_report() {
  if (lingering) return close();
  if (events == nullptr) return;
  if (ended) return events->on_lost(End{end_code});
  ended = true;
  events->on_end(End{end_code});
}

void StreamBlock::start_reading() {
  if (reading || ended) return;
  reading = true;
  uv_read_start(
      as_stream(*this),
      [](uv_handle_t* stream, std::size_t, uv_buf_t* buffer) {
        *buffer = static_cast<StreamBlock*>(stream->data)->room_to_read();
      },
      &StreamBlock::on_read);
}

void StreamBlock::stop_reading() {
  if (!reading) return;
  reading = false;
  uv_read_stop(as_stream(*this));
}

/// None behind so much in a row: libuv would go on with this stream while others wait.
uv_buf_t StreamBlock::room_to_read() {
  const std::size_t allowed = most_to_read(loop->buffered_bytes());
  if (filled >= std::min(TcpStream::kReadPerTurn, allowed)) {
    filled = 0;
    return uv_buf_init(nullptr, 0);
  }
  const auto room = loop->read_buffer();
  const std::size_t most = std::min({room.size(), most_read, allowed});
  return uv_buf_init(reinterpret_cast<char*>(room.data()), static_cast<unsigned>(most));
}

void StreamBlock::on_read(uv_stream_t* stream, ssize_t n, const uv_buf_t* buffer) {
  StreamBlock* block = block_of(stream);
  if (n > 0) {
    block->filled = static_cast<std::size_t>(n) == buffer->len ? block->filled + buffer->len : 0;
    block->loop->something_read_ = true;
    if (block->events != nullptr) {
      block->events->on_bytes({reinterpret_cast<const std::byte*>(buffer->base), static_cast<std::size_t>(n)});
    }
    return;
  }
  block->filled = 0;
  if (n == 0 || n == UV_ENOBUFS) return;  // nothing there after all, or enough for this turn
  if (n != UV_EOF) return block->fail(static_cast<int>(n));
  if (block->failed) return block->fail(block->end_code);  // write_now() left it to us
  block->stop_reading();
  if (block->lingering) {
    if (block->out.empty() && block->in_kernel_queue == 0) block->close();
    block->ended = true;
    return;
  }
  if (block->ended) return;
  block->ended = true;
  if (block->events != nullptr) block->events->on_end(End{0});
}

void StreamBlock::linger(Nanos span) {
  events = nullptr;
  // The other side has said its last word: with nothing left to send there is nothing to wait for.
  const bool done = ended && out.empty() && in_kernel_queue == 0;
  if (failed || done) return close();
  lingering = true;
  more_expected = false;
  shutdown_wanted = true;
  start_reading();
  mark_dirty();
  patience = std::make_unique<uv_timer_t>();
  uv_timer_init(handle.loop, patience.get());
  patience->data = this;
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(span).count();
  uv_timer_start(
      patience.get(), [](uv_timer_t* timer) { static_cast<StreamBlock*>(timer->data)->close(); },
      static_cast<std::uint64_t>(ms), 0);
}

void StreamBlock::close() {
  events = nullptr;
  unmark_dirty();
  if (uv_is_closing(as_handle(&handle))) return;
  if (!patience) {
    uv_close(as_handle(&handle), free_block);
    return;
  }
  // The timer belongs to this block, so the block goes after the timer's close callback, too.
  uv_close(as_handle(&handle), [](uv_handle_t* stream) {
    uv_close(as_handle(static_cast<StreamBlock*>(stream->data)->patience.get()), free_block);
  });
  uv_timer_stop(patience.get());
}

// --- TcpStream ---------------------------------------------------------------------------------------

TcpStream::TcpStream(Loop& loop, int fd) {
  StreamBlock* block = make_block(loop, loop.raw());
  if (uv_tcp_open(&block->handle, fd) != 0) {
    ::close(fd);
    block->close();
    return;
  }
  block_.reset(block);
}

TcpStream TcpStream::connect(Loop& loop, const Address& address, StreamEvents& events) {
  StreamBlock* block = make_block(loop, loop.raw());
  block->events = &events;
  uv_tcp_nodelay(&block->handle, 1);
  auto* request = new uv_connect_t;
  const int code = uv_tcp_connect(request, &block->handle, address.data(), [](uv_connect_t* done, int status) {
    StreamBlock* connected = block_of(done->handle);
    delete done;
    if (status == UV_ECANCELED) return;
    connected->connecting = false;
    if (status < 0) return connected->fail(status);
    if (connected->shutdown_wanted) connected->mark_dirty();
    if (connected->events != nullptr) connected->events->on_connected();
  });
  block->connecting = code == 0;
  if (code == 0) {
    block->start_reading();  // takes effect with the connection; at this place it costs no call of its own
  } else {
    delete request;
    block->failed = true;  // told at the end of the turn: never from inside this call
    block->end_code = code;
    block->mark_dirty();
  }
  return TcpStream(block);
}

void TcpStream::limit_read(std::size_t most) { block_->most_read = most; }

void TcpStream::start(StreamEvents& events) {
  block_->events = &events;
  block_->start_reading();
}

void TcpStream::pause_reading() { block_->stop_reading(); }

void TcpStream::resume_reading() { block_->start_reading(); }

bool TcpStream::reading() const { return block_->reading; }

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
  if (block_->failed) return;
  block_->out.commit(n);
  block_->account();
  block_->mark_dirty();
  if (block_->out.size() >= kSendEarly && block_->in_kernel_queue == 0) block_->send_early();
  if (above_high_water()) block_->drained_wanted = true;
}

void TcpStream::write(std::span<const std::byte> bytes) {
  if (bytes.empty()) return;
  std::copy(bytes.begin(), bytes.end(), prepare(bytes.size()));
  commit(bytes.size());
}

std::size_t TcpStream::write_now(std::span<const std::byte> bytes) {
  if (block_->failed || buffered() > 0) return 0;
  const ssize_t sent = block_->send_now(bytes);
  if (sent >= 0) return static_cast<std::size_t>(sent);
  const int code = static_cast<int>(sent);
  if (block_->reading && (code == UV_ECONNRESET || code == UV_EPIPE)) {
    block_->failed = true;  // told by the reader, behind what the other side said before it went
    block_->end_code = code;
    return 0;
  }
  block_->mark_failed(code);
  block_->mark_dirty();  // told at the end of the turn: never from inside this call
  return 0;
}

void TcpStream::tell_when_drained() { block_->drained_wanted = true; }

Address TcpStream::local_address() const {
  uv_os_fd_t fd = -1;
  uv_fileno(as_handle(&block_->handle), &fd);
  return bound_address(fd);
}

bool TcpStream::reset_by_peer() const {
  uv_os_fd_t fd = -1;
  int error = 0;
  socklen_t length = sizeof error;
  if (uv_fileno(as_handle(&block_->handle), &fd) != 0) return false;
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error == ECONNRESET;
}

void TcpStream::expect_more(bool yes) { block_->more_expected = yes; }

std::size_t TcpStream::buffered() const { return block_->buffered(); }

bool TcpStream::above_high_water() const { return block_->buffered() > block_->high_water; }

void TcpStream::set_liveness(const Liveness& liveness) {
  uv_os_fd_t fd = -1;
  if (uv_fileno(as_handle(&block_->handle), &fd) == 0) net::set_liveness(fd, liveness);
}

void TcpStream::set_high_water(std::size_t bytes) { block_->high_water = bytes; }

void TcpStream::finish(Nanos patience) {
  if (block_) block_.release()->linger(patience);
}

void TcpStream::shutdown() {
  block_->more_expected = false;
  const bool idle = !block_->connecting && block_->dirty_index == StreamBlock::kNotDirty && buffered() == 0;
  if (idle) {
    block_->shut_down();
    return;
  }
  block_->shutdown_wanted = true;
  block_->mark_dirty();
}

void TcpStream::reset() {
  if (!block_) return;
  StreamBlock* block = block_.release();
  block->events = nullptr;
  block->unmark_dirty();
  block->write_off();
  if (uv_tcp_close_reset(&block->handle, free_block) != 0) block->close();
}

void TcpStream::Close::operator()(StreamBlock* block) const { block->close(); }

}  // namespace finishline::net
