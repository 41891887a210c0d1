#include "lb/worker/http_connection.h"

#include <string>

namespace finishline::worker {

HttpConnection::HttpConnection(net::Loop& loop, Owner& owner, std::size_t max_body)
    : loop_(loop), owner_(owner), reader_(max_body), patience_(loop, [this] {
        close();
        owner_.on_failed("no connection in time");
      }) {}

void HttpConnection::open(const Way& way) {
  state_ = State::connecting;
  stream_ = net::TcpStream::connect(loop_, way.address, *this, way.source);
  stream_.set_tcp_timeouts(way.tcp_timeouts);
  if (way.tls != nullptr) stream_.begin_tls(tls::TlsEngine::connect(*way.tls));
  patience_.start(way.patience);
}

void HttpConnection::start(Token token, std::string_view head, std::string_view body) {
  state_ = State::busy;
  token_ = token;
  since_ = loop_.now();
  reader_.expect();
  stream_.write(std::as_bytes(std::span(head)));
  if (!body.empty()) stream_.write(std::as_bytes(std::span(body)));
}

void HttpConnection::close() {
  patience_.stop();
  state_ = State::closed;
  stream_ = net::TcpStream();
  reader_.expect();
}

void HttpConnection::allow_reading(bool yes) {
  if (state_ != State::busy || stream_.reading() == yes) return;
  if (yes)
    stream_.resume_reading();
  else
    stream_.pause_reading();
}

void HttpConnection::on_connected() {
  patience_.stop();
  state_ = State::idle;
  since_ = opened_at_ = loop_.now();
  owner_.on_open();
}

void HttpConnection::on_bytes(std::span<const std::byte> bytes) {
  if (state_ != State::busy) {  // nobody has asked for anything
    close();
    return owner_.on_change();
  }
  switch (reader_.feed(bytes)) {
    case http::ReplyReader::Step::need_more:
      return owner_.on_change();
    case http::ReplyReader::Step::reply:
      return finish(reader_.keep_alive());
    case http::ReplyReader::Step::bad:
      return fail("the server sent bytes that are no HTTP reply");
  }
}

void HttpConnection::on_end(net::End end) {
  const std::string why = stream_.why(end);
  if (state_ == State::connecting) {
    close();
    return owner_.on_failed(why);
  }
  if (state_ == State::busy && end.orderly() && reader_.end() == http::ReplyReader::Step::reply)
    return finish(false);
  if (state_ == State::busy) return fail(why);
  close();
  owner_.on_change();
}

/// The reply is whole; it is looked at before anything else is sent.
void HttpConnection::finish(bool stays) {
  owner_.on_reply(token_, reader_, loop_.now() - since_);
  if (state_ != State::busy) return;  // the owner has closed it
  if (stays) {
    stream_.resume_reading();
    state_ = State::idle;
    since_ = loop_.now();
    reader_.expect();
  } else {
    close();
  }
  owner_.on_change();
}

void HttpConnection::fail(const std::string& why) {
  const bool too_large = reader_.too_large();
  close();
  if (too_large) return owner_.on_too_large(token_);
  owner_.on_lost(token_, why);
}

}  // namespace finishline::worker
