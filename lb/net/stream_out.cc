// Of a stream: the bytes that go out, at the end of a turn, early or at once.
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "lb/net/stream_block.h"
#include "lb/net/stream_tls.h"

namespace finishline::net {
namespace {

/// What `call`, which sends, has sent, 0 where the kernel takes nothing now, or a negative code of libuv's.
template <class Call>
ssize_t sent_by(Call call) {
  for (;;) {
    const ssize_t sent = call();
    if (sent >= 0) return sent;
    if (errno == EAGAIN) return 0;
    if (errno != EINTR) return uv_translate_sys_error(errno);
  }
}

iovec part_of(std::span<const std::byte> bytes) {
  return {const_cast<std::byte*>(bytes.data()), bytes.size()};
}

}  // namespace

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
  if (in_kernel_queue > 0) return arriving ? arrive() : void();  // on_written() comes back here
  if (!failed()) send();
  if (failed()) return output == StreamOutput::left_to_reader ? void() : close_or_report();
  if (in_kernel_queue == 0) after_flush();
}

void StreamBlock::send() {
  if (tls) [[unlikely]]
    return send_sealed();
  if (out.empty()) return;
  const std::size_t bytes = out.size();
  const ssize_t sent = send_now(out.bytes());
  if (sent < 0) return write_failed(static_cast<int>(sent));
  if (static_cast<std::size_t>(sent) < bytes) return queue_rest(out, static_cast<std::size_t>(sent));
  note_out(bytes);
  loop->spare_.give_back(std::move(out));
  out = Buffer();
  account();
}

void StreamBlock::write_failed(int code) {
  if (!hears_out || !leave_to_reader(code)) mark_failed(code);
}

ssize_t StreamBlock::send_now(std::span<const std::byte> bytes) {
  const int to = fd();
  return sent_by([&] { return ::send(to, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL); });
}

void StreamBlock::send_behind(std::span<const std::byte> bytes) {
  std::array<iovec, 2> parts{part_of(out.bytes()), part_of(bytes)};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  const int to = fd();
  const ssize_t sent = sent_by([&] { return ::sendmsg(to, &message, MSG_DONTWAIT | MSG_NOSIGNAL); });
  if (sent < 0) {
    write_failed(static_cast<int>(sent));
  } else {
    keep_unsent(bytes, static_cast<std::size_t>(sent));
  }
  mark_dirty();  // the owner is in the middle of writing: it hears of it at the end of the turn
}

/// Of the output and of what follows it, of which `sent` bytes have gone out.
void StreamBlock::keep_unsent(std::span<const std::byte> bytes, std::size_t sent) {
  const std::size_t of_output = std::min(sent, out.size());
  out.drop_front(of_output);
  const auto rest = bytes.subspan(sent - of_output);
  if (!rest.empty()) {
    if (out.capacity() - out.size() < rest.size()) loop->spare_.enlarge(out, rest.size());
    out.append(rest);
  }
  if (!out.empty()) return queue_rest(out, 0);
  loop->spare_.give_back(std::exchange(out, Buffer()));
  account();
}

void StreamBlock::send_early() {
  send();
  if (failed()) mark_dirty();  // the owner is in the middle of writing: it hears of it at the end of the turn
}

void StreamBlock::after_flush() {
  if (handshaking()) return lingering() ? close() : void();  // what was written waits for it
  if (output == StreamOutput::ending && !connecting()) {
    if (tls && say_goodbye()) return;  // once its bytes are gone
    const bool told = shut_down();
    if (lingering() && (ended() || !told)) return close();
  }
  if (drained_wanted && events != nullptr) {
    drained_wanted = false;
    loop->told_ = true;
    events->on_drained();
  }
}

/// At once, where uv_shutdown() would wait for a turn and change what is polled for twice: nothing is queued
/// in libuv when this is called.
bool StreamBlock::shut_down() {
  if (!failed()) output.enter(StreamOutput::ended);
  return ::shutdown(fd(), SHUT_WR) == 0;
}

void StreamBlock::queue_rest(Buffer& from, std::size_t sent) {
  from.drop_front(sent);
  auto* op = new WriteOp{{}, std::move(from)};
  from = Buffer();
  op->request.data = op;
  in_kernel_queue = op->bytes.size();
  uv_buf_t buffer = uv_buf_init(const_cast<char*>(reinterpret_cast<const char*>(op->bytes.bytes().data())),
                                static_cast<unsigned>(op->bytes.size()));
  const int code = uv_write(&op->request, as_stream(), &buffer, 1, [](uv_write_t* request, int status) {
    auto* done = static_cast<WriteOp*>(request->data);
    StreamBlock* block = of(request->handle);
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
  if (status < 0) {
    if (hears_out && leave_to_reader(status)) return;
    return fail(status);
  }
  if (out.size() <= TcpStream::kLowWater) {
    flush();
  } else {
    mark_dirty();
  }
}

void StreamBlock::mark_failed(int code) {
  if (!failed()) output.enter(StreamOutput::failed);
  end_code = code;
  out = Buffer();
  account();
  stop_reading();
}

/// What the other side said before it went is still to be read, and behind it comes the reason.
bool StreamBlock::leave_to_reader(int code) {
  const bool gone = code == UV_ECONNRESET || code == UV_EPIPE;
  if (!gone || ended() || !(reading() || hears_out)) return false;
  output.enter(StreamOutput::left_to_reader);
  end_code = code;
  out = Buffer();
  account();
  return true;
}

void StreamBlock::fail(int code) {
  mark_failed(code);
  close_or_report();
}

void StreamBlock::close_or_report() {
  if (lingering()) return close();
  if (events == nullptr) return;
  loop->told_ = true;
  if (ended()) return events->on_lost(End{end_code});
  input.enter(StreamInput::ended);
  events->on_end(End{end_code});
}

}  // namespace finishline::net
