#include "proto/c/link.h"

#include <sys/socket.h>

#include <cerrno>
#include <string_view>
#include <utility>

#include "proto/c/description.h"
#include "proto/c/error_text.h"
#include "proto/c/finishline.h"
#include "proto/looks_like.h"
#include "proto/server_vitals.h"

namespace finishline::clib {
namespace {

Link::Ending broken(const char* what) { return {FINISHLINE_CONNECTION_LOST, system_words(what, errno)}; }

}  // namespace

Link::Ending Link::flush() {
  const Outbox::Flush flushed = out.flush(socket_.get());
  if (flushed == Outbox::Flush::lost) return broken("send");
  watch(flushed == Outbox::Flush::full);
  return {};
}

void Link::want_write() { watch(true); }

void Link::put(const proto::FrameHeader& header) {
  out.put(header, {});
  taken_back_ = out.put_so_far();
  want_write();
}

void Link::cancel(std::uint64_t id) {
  if (cancels_ == Cancels::yes) put({.kind = proto::Kind::cancel, .id = id});
  if (cancels_ == Cancels::yes || cancels_ == Cancels::no) return;
  to_cancel_.push_back(id);
  if (cancels_ == Cancels::unknown)
    put({.kind = proto::Kind::ping, .id = kAsk, .length = proto::kWantsVitals});
  cancels_ = Cancels::asked;
}

bool Link::takes(const proto::Frame& frame) {
  if (frame.header.kind != proto::Kind::pong || frame.header.id != kAsk) return false;
  const std::string_view body(reinterpret_cast<const char*>(frame.body.data()), frame.body.size());
  cancels_ = says_cancel(body) ? Cancels::yes : Cancels::no;
  for (const std::uint64_t id : std::exchange(to_cancel_, {})) cancel(id);
  return true;
}

Link::Ending Link::receive(std::span<std::byte> block, std::size_t& count) {
  const ssize_t n = ::recv(socket_.get(), block.data(), block.size(), MSG_DONTWAIT);
  if (n < 0) return errno == EAGAIN || errno == EINTR ? Ending() : broken("recv");
  if (n == 0) return {FINISHLINE_CONNECTION_LOST, "the other side closed the connection"};
  count = static_cast<std::size_t>(n);
  return {};
}

// Whose first bytes make no sense speaks something else most often.
Link::Ending Link::nonsense(std::span<const std::byte> bytes) const {
  if (too_large_) return {FINISHLINE_PROTOCOL_ERROR, "the body of an answer is over max_body"};
  const std::string guess = heard_ ? "" : proto::what_it_looks_like(bytes).words;
  const std::string hint = guess.empty() ? "" : "; it looks like " + guess + ": is the port right?";
  return {FINISHLINE_PROTOCOL_ERROR, "an answer of an unknown version, kind or flag" + hint};
}

void Link::watch(bool write) {
  if (write == watching_write_) return;
  watching_write_ = write;
  poller_.change(socket_.get(), write ? EPOLLIN | EPOLLOUT : EPOLLIN, tag_);
}

}  // namespace finishline::clib
