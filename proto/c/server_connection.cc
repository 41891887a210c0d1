#include "proto/c/server_connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace finishline::clib {
namespace {

constexpr std::size_t kOutboxBytes = 1024 * 1024;  // above that nothing more is read
constexpr Nanos kPatience = 10s;                   // for who does not take what it is sent
constexpr Nanos kLastWords = 1s;

}  // namespace

ServerConnection::ServerConnection(Descriptor socket, Poller& poller, std::uint64_t tag,
                                   std::uint32_t max_body)
    : socket_(std::move(socket)),
      poller_(poller),
      tag_(tag),
      decoder_(proto::Direction::to_server, max_body) {
  const int on = 1;
  ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  poller_.add(socket_.get(), watched_, tag_);
}

void ServerConnection::put(const proto::FrameHeader& header, std::span<const std::byte> body) {
  if (!lost_ && !finished_) out_.put(header, body);
}

void ServerConnection::flush(Instant now) {
  const std::uint64_t before = out_.sent_so_far();
  const Outbox::Flush flushed = out_.flush(socket_.get());
  lost_ = lost_ || flushed == Outbox::Flush::lost;
  if (flushed == Outbox::Flush::done)
    stalled_until_.reset();
  else if (!stalled_until_ || out_.sent_so_far() > before)
    stalled_until_ = now + kPatience;
  if (flushed == Outbox::Flush::done && last_words_until_ && !finished_) {
    finished_ = true;
    ::shutdown(socket_.get(), SHUT_WR);
  }
  watch();
}

bool ServerConnection::over(Instant now) const {
  if (lost_ || (stalled_until_ && now >= *stalled_until_)) return true;
  if (last_words_until_) return ended_ || now >= *last_words_until_;
  return ended_ && owed == 0 && out_.empty();
}

Instant ServerConnection::due() const {
  return std::min(stalled_until_.value_or(kNever), last_words_until_.value_or(kNever));
}

std::size_t ServerConnection::receive(std::span<std::byte> block) {
  const ssize_t n = ::recv(socket_.get(), block.data(), block.size(), MSG_DONTWAIT);
  if (n < 0 && errno != EAGAIN && errno != EINTR) lost_ = true;
  if (n == 0) ended_ = true;
  if (n <= 0) watch();
  return static_cast<std::size_t>(std::max<ssize_t>(n, 0));
}

// The other side is waited for until it has read them: what is unread when we close would reset them.
void ServerConnection::say_last(const Answer& answer, Instant now) {
  put(answer);
  last_words_until_ = now + kLastWords;
  flush(now);
}

void ServerConnection::watch() {
  const bool reads = !ended_ && out_.size() < kOutboxBytes;
  const std::uint32_t wanted = (reads ? EPOLLIN : 0U) | (out_.empty() ? 0U : EPOLLOUT);
  if (wanted == watched_ || lost_) return;
  watched_ = wanted;
  poller_.change(socket_.get(), wanted, tag_);
}

}  // namespace finishline::clib
