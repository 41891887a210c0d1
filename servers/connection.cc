#include "servers/connection.h"

#include "servers/frame_connection.h"
#include "servers/mini_connection.h"

namespace finishline::server {
namespace {

// One connection may have so many bytes of requests waiting for their work before it is no longer read.
constexpr std::size_t kMaxWaitingBytes = 64U << 20;

// What a waiting request holds besides its body, roughly.
constexpr std::size_t kBytesPerRequest = 256;

}  // namespace

std::unique_ptr<Connection> Connection::make(ConnectionId id, net::TcpStream stream, ConnectionSink& sink,
                                             const Options& options) {
  if (options.protocol == Protocol::mini) {
    return std::make_unique<MiniConnection>(id, std::move(stream), sink, options);
  }
  return std::make_unique<FrameConnection>(id, std::move(stream), sink, options);
}

Connection::Connection(ConnectionId id, net::TcpStream stream, ConnectionSink& sink, const Options& options)
    : sink_(sink), options_(options), stream_(std::move(stream)), id_(id) {}

bool Connection::full() const { return waiting_bytes_ > kMaxWaitingBytes || stream_.above_high_water(); }

void Connection::wait_begins(std::size_t body_bytes) {
  ++waiting_;
  waiting_bytes_ += body_bytes + kBytesPerRequest;
}

void Connection::wait_ends(std::size_t body_bytes) {
  --waiting_;
  waiting_bytes_ -= body_bytes + kBytesPerRequest;
}

void Connection::answer(const Answer& answer) {
  if (closed_) return;
  write_answer(answer);
  if (half_closed_ && waiting_ == 0) close();
  go_on_if_paused();
}

void Connection::on_bytes(std::span<const std::byte> bytes) {
  if (stopped_) return;
  feed(bytes);
  go_on();
  if (options_.faults.slow_read && !closed_) stream_.pause_reading();
}

void Connection::go_on() {
  decode();
  if (closed_ || !full()) return;
  set_aside();
  paused_ = true;
  stream_.pause_reading();
}

void Connection::go_on_if_paused() {
  if (!paused_ || closed_ || stopped_ || full()) return;
  paused_ = false;
  go_on();
  if (!paused_ && !closed_ && !options_.faults.slow_read) stream_.resume_reading();
}

void Connection::read_a_little() {
  if (!paused_ && !closed_ && !stopped_) stream_.resume_reading();
}

void Connection::stop_reading() {
  stopped_ = true;
  if (!closed_) stream_.pause_reading();
}

void Connection::on_end(net::End end) {
  if (!end.orderly()) return reset();
  half_closed_ = true;
  sink_.on_half_closed(*this);
  if (waiting_ == 0) close();
}

void Connection::close() {
  if (closed_) return;
  closed_ = true;
  stream_.finish();
  sink_.on_closed(*this);
}

void Connection::reset() {
  if (closed_) return;
  closed_ = true;
  stream_.reset();
  sink_.on_closed(*this);
}

}  // namespace finishline::server
