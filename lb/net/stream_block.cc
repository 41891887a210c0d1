#include "lb/net/stream_block.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "lb/net/stream_tls.h"

namespace finishline::net {
namespace {

/// What is read here may have to lie here, when whom it is for does not take it: the more lies here already,
/// the less is read at once.
std::size_t most_to_read(std::size_t buffered) {
  constexpr std::size_t kMuch = 64U << 20;
  if (buffered < kMuch) return ~std::size_t{0};
  return buffered < 4 * kMuch ? 64 * 1024 : 4096;
}

}  // namespace

StreamBlock::StreamBlock(Loop& owner_loop) : loop(&owner_loop) {}

StreamBlock::~StreamBlock() { loop->buffered_bytes_ -= accounted; }

StreamBlock* StreamBlock::make(Loop& loop) {
  auto* block = new StreamBlock(loop);
  uv_tcp_init(loop.raw(), &block->handle);
  block->handle.data = block;
  return block;
}

int StreamBlock::fd() const {
  uv_os_fd_t fd = -1;
  return uv_fileno(reinterpret_cast<const uv_handle_t*>(&handle), &fd) == 0 ? fd : -1;
}

// --- connecting --------------------------------------------------------------------------------------

void StreamBlock::connect(const Address& address, const Address& source) {
  if (address.is_unix()) return connect_unix(address);
  uv_tcp_nodelay(&handle, 1);
  int code = source.length() > 0 ? open_from(source) : 0;
  if (code == 0) {
    auto* request = new uv_connect_t;
    code = uv_tcp_connect(request, &handle, address.data(), [](uv_connect_t* done, int status) {
      StreamBlock* block = of(done->handle);
      delete done;
      block->on_connected(status);
    });
    if (code != 0) delete request;
  }
  if (code == 0) {
    life.enter(StreamLife::connecting);
    return start_reading();  // takes effect with the connection; at this place it costs no call
  }
  output.enter(StreamOutput::failed);  // told at the end of the turn
  end_code = code;
  mark_dirty();
}

/// A socket that is bound to this host; 0 or a negative code of libuv's.
int StreamBlock::open_from(const Address& source) {
  const int fd = open_outgoing(source);
  if (fd < 0) return uv_translate_sys_error(-fd);
  const int code = uv_tcp_open(&handle, fd);
  if (code != 0) ::close(fd);
  return code;
}

void StreamBlock::on_connected(int status) {
  if (status == UV_ECANCELED) return;  // closing
  if (status < 0) {
    if (life == StreamLife::connecting) life.enter(StreamLife::unconnected);
    return fail(status);
  }
  life.enter(lingering() ? StreamLife::lingering : StreamLife::open);
  if (output == StreamOutput::ending) mark_dirty();
  if (tls) {
    tls->engine->begin();
    return mark_dirty();
  }
  if (events != nullptr) events->on_connected();
}

// --- the other side of one that is not read -------------------------------------------------------------

void StreamBlock::watch_end() {
  if (watch != nullptr || input != StreamInput::paused) return;
  watch = new uv_poll_t;
  watch->data = this;
  uv_poll_init(loop->raw(), watch, fd());
  uv_poll_start(watch, UV_DISCONNECT, [](uv_poll_t* told, int, int) { of(told)->on_watched(); });
}

/// libuv takes one handle for a descriptor at a time.
void StreamBlock::unwatch() {
  if (watch == nullptr) return;
  uv_close(reinterpret_cast<uv_handle_t*>(std::exchange(watch, nullptr)),
           [](uv_handle_t* closed) { delete reinterpret_cast<uv_poll_t*>(closed); });
}

void StreamBlock::on_watched() {
  unwatch();  // it would be told again in every turn
  switch (look()) {
    case Look::here:
      return;
    case Look::broken:
      return fail(UV_ECONNRESET);
    case Look::ended:
      input.enter(StreamInput::ended);
      if (events != nullptr) events->on_end(End{0});
  }
}

StreamBlock::Look StreamBlock::look() const {
  std::byte first{};
  const ssize_t n = ::recv(fd(), &first, 1, MSG_PEEK | MSG_DONTWAIT);
  if (n == 0) return has_kept_wire() ? Look::here : Look::ended;
  if (n < 0) return errno == EAGAIN || errno == EINTR ? Look::here : Look::broken;
  return broken() ? Look::broken : Look::here;
}

bool StreamBlock::broken() const {
  tcp_info info{};  // of a Unix socket there is none: whoever reads or writes hears of it
  socklen_t length = sizeof info;
  return ::getsockopt(fd(), IPPROTO_TCP, TCP_INFO, &info, &length) == 0 && info.tcpi_state == TCP_CLOSE;
}

// --- bytes in ----------------------------------------------------------------------------------------

void StreamBlock::start_reading() {
  if (input != StreamInput::paused) return;
  unwatch();
  input.enter(StreamInput::reading);
  if (has_kept_wire()) decrypt_later();
  uv_read_start(
      as_stream(),
      [](uv_handle_t* stream, std::size_t, uv_buf_t* buffer) { *buffer = of(stream)->room_to_read(); },
      &StreamBlock::on_read);
}

void StreamBlock::stop_reading() {
  if (!reading()) return;
  input.enter(StreamInput::paused);
  uv_read_stop(as_stream());
}

std::size_t StreamBlock::most_allowed() const {
  return std::min(loop->most_read_, most_to_read(loop->buffered_bytes()));
}

/// None behind so much in a row: libuv would go on with this stream while others wait. None where the owner
/// reads.
uv_buf_t StreamBlock::room_to_read() {
  if (by_hand && events != nullptr) return uv_buf_init(nullptr, 0);
  const std::size_t allowed = most_allowed();
  if (filled >= std::min(TcpStream::kReadPerTurn, allowed)) {
    filled = 0;
    return uv_buf_init(nullptr, 0);
  }
  const auto room = loop->read_buffer();
  std::size_t most = std::min({room.size(), most_read, allowed});
  if (handshaking()) most = std::min(most, StreamTls::kHandshakeRead);
  return uv_buf_init(reinterpret_cast<char*>(room.data()), static_cast<unsigned>(most));
}

void StreamBlock::on_read(uv_stream_t* stream, ssize_t n, const uv_buf_t* buffer) {
  StreamBlock* block = of(stream);
  if (n > 0) {
    block->filled = static_cast<std::size_t>(n) == buffer->len ? block->filled + buffer->len : 0;
    ++block->loop->reads_;
    if (block->tls) [[unlikely]]
      return block->on_wire({reinterpret_cast<const std::byte*>(buffer->base), static_cast<std::size_t>(n)});
    if (block->events != nullptr) {
      block->events->on_bytes(
          {reinterpret_cast<const std::byte*>(buffer->base), static_cast<std::size_t>(n)});
    }
    return;
  }
  block->filled = 0;
  if (n == UV_ENOBUFS && block->by_hand) return block->read_by_owner();
  if (n == 0 || n == UV_ENOBUFS) return;  // nothing there after all, or enough for this turn
  if (n != UV_EOF) return block->fail(static_cast<int>(n));
  if (block->failed()) return block->fail(block->end_code);  // write_now() left it to us
  if (block->has_kept_wire()) {                              // what it said before
    block->decrypt_never();                                  // at the end of the turn, but now
    block->go_on_decrypting();
  }
  if (block->ended() || block->life == StreamLife::closed) return;
  if (block->truncated() && !block->lingering()) return block->fail(StreamTls::kTruncated);
  block->stop_reading();
  block->input.enter(StreamInput::ended);
  if (block->lingering()) {
    if (block->buffered() == 0) block->close();
    return;
  }
  if (block->events != nullptr) block->events->on_end(End{0});
}

// --- the end -----------------------------------------------------------------------------------------

void StreamBlock::linger(Nanos span) {
  events = nullptr;
  // The other side has said its last word: with nothing left to send there is nothing to wait for.
  const bool done = ended() && buffered() == 0;
  if (failed() || done) return close();
  life.enter(connecting() ? StreamLife::lingering_connecting : StreamLife::lingering);
  more_expected = false;
  output.enter(StreamOutput::ending);
  start_reading();
  mark_dirty();
  patience = std::make_unique<Timer>(*loop, [this] { close(); });
  patience->start(span);
}

void StreamBlock::close() {
  events = nullptr;
  unmark_dirty();
  unwatch();
  if (life == StreamLife::closed) return;
  decrypt_never();
  if (tls) say_goodbye_if_done();
  life.enter(StreamLife::closed);
  patience.reset();
  uv_close(as_handle(), free);
}

}  // namespace finishline::net
