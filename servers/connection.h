// One connection of a reference server, in either protocol: cuts the bytes into requests, writes replies,
// and stops reading while too much waits. Belongs to Server, which is its sink.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "lb/net/stream.h"
#include "proto/frame.h"
#include "servers/faults.h"
#include "servers/options.h"

namespace finishline::server {

using ConnectionId = std::uint64_t;

/// What a request gets. `asked` and `body` are the request's and are borrowed for the call.
struct Answer {
  const proto::FrameHeader& asked;
  std::span<const std::byte> body{};
  proto::Status status = proto::Status::ok;
  Nanos service{};  // time worked
  Nanos backlog{};  // work left
  Fate fate = Fate::send;
};

class Connection;

/// To whom a connection hands what it reads. It may answer or close the connection inside these calls.
class ConnectionSink {
 public:
  /// `asked` echoes into the answer unread; `body` dies when this returns.
  virtual void on_request(Connection& from, const proto::FrameHeader& asked,
                          std::span<const std::byte> body) = 0;
  /// No more requests will come; replies can still be sent. What has not begun is not wanted any more.
  virtual void on_half_closed(Connection& from) = 0;
  /// Nothing can be sent any more. The sink drops the connection after the turn.
  virtual void on_closed(Connection& from) = 0;
  /// The request of this connection with this id is not wanted any more. One that is not open is none.
  virtual void on_cancel(Connection& from, std::uint64_t id) = 0;
  /// The server is to work on so many requests at once: the status to answer with.
  virtual proto::Status on_resize(std::uint32_t slots) = 0;
  /// What a pong says that is asked for more than a sign of life: JSON.
  virtual std::string vitals() = 0;
  /// A place below `size` for the byte that Fate::corrupt inverts.
  virtual std::size_t spoilt_place(std::size_t size) = 0;

 protected:
  ~ConnectionSink() = default;
};

class Connection : public net::StreamEvents {
 public:
  static std::unique_ptr<Connection> make(ConnectionId id, net::TcpStream stream, ConnectionSink& sink,
                                          const Options& options);
  virtual ~Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  ConnectionId id() const { return id_; }
  void start() { stream_.start(*this); }

  /// A request of this connection, of so many bytes, begins or ceases to wait for its work.
  void wait_begins(std::size_t body_bytes);
  void wait_ends(std::size_t body_bytes);
  void answer(const Answer& answer);
  /// Tells the other side that no new request will be taken; where the protocol has no word for it, nothing.
  virtual void say_goaway() {}

  /// With slow_read: reads once more.
  void read_a_little();
  void stop_reading();
  /// Sends what is written and closes; or closes at once. on_closed is told.
  void close();
  void reset();

 protected:
  Connection(ConnectionId id, net::TcpStream stream, ConnectionSink& sink, const Options& options);

  virtual void feed(std::span<const std::byte> bytes) = 0;
  /// Hands over requests until the bytes are used up, the connection is full, or it is closed.
  virtual void decode() = 0;
  /// Keeps fed bytes that were not decoded.
  virtual void set_aside() = 0;
  virtual void write_answer(const Answer& answer) = 0;

  /// Too much waits for work or for the other side to read.
  bool full() const;
  bool closed() const { return closed_; }

  ConnectionSink& sink_;
  const Options& options_;
  net::TcpStream stream_;

 private:
  void on_bytes(std::span<const std::byte> bytes) final;
  void on_end(net::End end) final;
  void on_drained() final { go_on_if_paused(); }
  void go_on();
  void go_on_if_paused();

  ConnectionId id_;
  std::size_t waiting_ = 0;        // requests admitted and not answered
  std::size_t waiting_bytes_ = 0;  // what they hold
  bool paused_ = false;            // until no longer full
  bool half_closed_ = false;
  bool stopped_ = false;  // never reads again
  bool closed_ = false;
};

}  // namespace finishline::server
