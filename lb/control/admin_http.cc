#include "lb/control/admin_http.h"

#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "lb/log/log.h"

namespace finishline::control {
namespace {

constexpr Nanos kAgeCheck = 250ms;

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

/// One client: reading until the head is whole, then replying until the client has closed.
class AdminHttp::Connection : public net::StreamEvents {
 public:
  Connection(HttpRouter& router, net::TcpStream stream, Instant now)
      : router_(router), stream_(std::move(stream)), accepted_at_(now) {
    stream_.start(*this);
  }

  bool finished() const { return finished_; }
  bool aged(Instant now) const { return now - accepted_at_ > kMaxAge; }

 private:
  void on_bytes(std::span<const std::byte> bytes) override {
    if (replied_) return;  // read and thrown away, so that no reset overtakes the reply
    request_ += text_of(bytes.first(std::min(bytes.size(), kMaxRequest + 1 - request_.size())));
    if (HttpRouter::has_head(request_) || request_.size() > kMaxRequest) reply();
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
  net::TcpStream stream_;
  Instant accepted_at_;
  std::string request_;
  bool replied_ = false;
  bool finished_ = false;
};

AdminHttp::AdminHttp(net::Loop& loop, int fd, HttpRouter& router)
    : loop_(loop), router_(router), age_check_(loop, [this] { drop_aged(); }), listener_(loop, fd, *this) {
  loop_.on_turn_end([this] { drop_finished(); });
  age_check_.start(kAgeCheck, kAgeCheck);
}

AdminHttp::~AdminHttp() { loop_.on_turn_end({}); }

void AdminHttp::on_accept(net::TcpStream stream, const net::Address& /*peer*/) {
  connections_.push_back(std::make_unique<Connection>(router_, std::move(stream), loop_.now()));
}

void AdminHttp::on_accept_error(int error) {
  log::write(log::Event::accept_failed, {{"listener", "admin"}, {"reason", std::strerror(error)}});
}

void AdminHttp::drop_finished() {
  std::erase_if(connections_, [](const auto& it) { return it->finished(); });
}

void AdminHttp::drop_aged() {
  std::erase_if(connections_, [now = loop_.now()](const auto& it) { return it->aged(now); });
}

}  // namespace finishline::control
