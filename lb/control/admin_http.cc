#include "lb/control/admin_http.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "lb/log/log.h"

namespace finishline::control {
namespace {

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

/// One client: reading until the head is whole, then replying until the client has closed.
class AdminHttp::Connection : public net::StreamEvents {
 public:
  Connection(HttpRouter& router, std::size_t most_bytes, net::TcpStream stream, Instant now)
      : router_(router), most_bytes_(most_bytes), stream_(std::move(stream)), accepted_at_(now) {
    stream_.start(*this);
  }

  bool finished() const { return finished_; }
  bool replied() const { return replied_; }
  Instant accepted_at() const { return accepted_at_; }

 private:
  void on_bytes(std::span<const std::byte> bytes) override {
    if (replied_) return;  // read and thrown away, so that no reset overtakes the reply
    request_ += text_of(bytes.first(std::min(bytes.size(), most_bytes_ - request_.size())));
    if (HttpRouter::is_whole(request_) || request_.size() == most_bytes_) reply();
  }

  void on_end(net::End) override { finished_ = true; }

  void reply() {
    const std::string reply = router_.answer(request_);
    stream_.write(std::as_bytes(std::span(reply)));
    stream_.shutdown();
    replied_ = true;
    request_ = {};
  }

  HttpRouter& router_;
  std::size_t most_bytes_;
  net::TcpStream stream_;
  Instant accepted_at_;
  std::string request_;
  bool replied_ = false;
  bool finished_ = false;
};

AdminHttp::AdminHttp(net::Loop& loop, int fd, HttpRouter& router, const Limits& limits)
    : loop_(loop),
      router_(router),
      limits_(limits),
      age_check_(loop,
                 [this] {
                   drop_aged();
                   drop_unread();
                 }),
      listener_(net::TcpListener(loop, fd, *this)) {
  loop_.on_turn_end([this] { drop_finished(); });
  const Nanos often = std::min(limits_.head_age, limits_.age) / 8;
  age_check_.start(often, often);
}

AdminHttp::~AdminHttp() { loop_.on_turn_end({}); }

void AdminHttp::on_accept(net::TcpStream stream, const net::Address& /*peer*/) {
  make_room();
  connections_.push_back(
      std::make_unique<Connection>(router_, limits_.request_bytes, std::move(stream), loop_.now()));
}

void AdminHttp::on_accept_error(int error) {
  log::write(log::Event::accept_failed, {{"listener", "admin"}, {"reason", std::strerror(error)}});
}

void AdminHttp::finish(std::function<void()> done) {
  listener_.reset();
  finished_ = std::move(done);
}

void AdminHttp::drop_finished() {
  std::erase_if(connections_, [](const auto& it) { return it->finished(); });
  if (finished_ && connections_.empty()) std::exchange(finished_, nullptr)();
}

void AdminHttp::make_room() {
  if (connections_.size() < limits_.connections) return;
  const auto idle = std::ranges::find_if(connections_, [](const auto& it) { return !it->replied(); });
  connections_.erase(idle == connections_.end() ? connections_.begin() : idle);
}

void AdminHttp::drop_aged() {
  const Instant now = loop_.now();
  std::erase_if(connections_, [&](const auto& it) {
    return now - it->accepted_at() > (it->replied() ? limits_.age : limits_.head_age);
  });
}

void AdminHttp::drop_unread() {
  while (loop_.buffered_bytes() > limits_.unread_bytes) {
    const auto oldest = std::ranges::find_if(connections_, [](const auto& it) { return it->replied(); });
    if (oldest == connections_.end()) return;
    connections_.erase(oldest);
  }
}

}  // namespace finishline::control
