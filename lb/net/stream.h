// One TCP connection on a loop. The TcpStream is its only owner: dropping it means "no more calls to me,
// starting now"; the libuv handle lives on until its close callback and nobody has to know.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "lb/net/loop.h"
#include "lb/net/socket.h"
#include "lb/tls/engine.h"

namespace finishline::net {

/// Why a stream ended: 0 is an orderly end of the other side's bytes, else a negative libuv code.
struct End {
  int code = 0;
  bool orderly() const { return code == 0; }
  /// The other side has said nothing, and TCP has lost its patience with it: see TcpTimeouts.
  bool silent() const;
  /// "end of stream", "connection reset by peer", ...
  std::string text() const;
};

/// What the owner of a stream is told. Called from the loop; the owner may drop the stream inside any of
/// these calls and must not touch it afterwards.
class StreamEvents {
 public:
  /// connect() succeeded, or the handshake of one that speaks TLS; reading has begun.
  virtual void on_connected() {}
  /// `bytes` live in the loop's read buffer and die when this returns.
  virtual void on_bytes(std::span<const std::byte> bytes) = 0;
  /// Of one that is read by hand, instead: bytes wait, or its end does. Comes again in the next turn.
  virtual void on_readable() {}
  /// No more bytes will come: end of stream, an error, or connect() failed. After an orderly end writing
  /// still works; after an error nothing does. Called once.
  virtual void on_end(End end) = 0;
  /// After an orderly end: writing has failed, too. Called once.
  virtual void on_lost(End /*end*/) {}
  /// Buffered bytes had passed the high-water mark and have fallen to the low one.
  virtual void on_drained() {}

 protected:
  ~StreamEvents() = default;
};

class SplicePipe;  // pipe_pool.h

class TcpStream {
 public:
  static constexpr std::size_t kHighWater = 256 * 1024;
  static constexpr std::size_t kLowWater = 64 * 1024;
  /// What has more to say goes on in the next turn. What many clients wait for comes over few links: the more
  /// of it a turn takes, the more of each client's replies leave together.
  static constexpr std::size_t kReadPerTurn = 1U << 20;
  /// So much written in one turn does not wait for its end: less than two segments of 64 KiB, the largest
  /// there are, and a frame that passes it does not begin a third one.
  static constexpr std::size_t kSendEarly = 120 * 1024;
  /// A system call costs less than to copy so many bytes.
  static constexpr std::size_t kSendWhole = 32 * 1024;
  static constexpr std::size_t kHead = 4096;

  TcpStream() = default;
  /// Takes over a connected, non-blocking socket; closes it when libuv will not have it (then empty).
  TcpStream(Loop& loop, int fd);

  /// Starts to connect; `events` hears on_connected or on_end. From the host of `source`, if that is one, and
  /// from a port there that is free towards `address`.
  static TcpStream connect(Loop& loop, const Address& address, StreamEvents& events,
                           const Address& source = {});

  explicit operator bool() const { return block_ != nullptr; }

  /// From here on it speaks TLS: what is written is sent encrypted, what on_bytes() brings was.
  /// on_connected() comes when the handshake is through, for an accepted one, too; one that fails ends the
  /// stream, and tls() tells why. The end of a stream is orderly only when the other side says so
  /// (close_notify). Of one that is not read yet, or is connecting; then `first` goes out before it, in plain
  /// text.
  void begin_tls(std::unique_ptr<tls::TlsEngine> engine, std::span<const std::byte> first = {});
  /// nullptr: it does not speak TLS.
  const tls::TlsEngine* tls() const;
  /// Why it has ended: what TLS says of that, where it does.
  std::string why(End end) const;

  /// At most so many bytes in one on_bytes(); the loop's read buffer by default.
  void limit_read(std::size_t most);

  /// From now on, or until false, the owner hears on_readable() and fetches the bytes itself, whichever way
  /// it likes. Not of one that speaks TLS. Falls back to on_bytes() by itself when the other side has ended,
  /// and where this kernel does not splice.
  void read_by_hand(bool yes);
  // In on_readable(), once; each brings nothing where the other side has ended or
  // the connection is broken: on_end() tells of that, later.
  /// What waits, limit_read() at most; it lives in the loop's read buffer, until the next read of any stream.
  std::span<const std::byte> read_now();
  /// What waits goes into the pipe, which is empty, as much as it takes: how many bytes that was.
  std::size_t splice_into(SplicePipe& pipe);
  /// Sends what is in the pipe, as write_now() does: how many bytes the kernel has taken.
  std::size_t splice_from(SplicePipe& pipe);
  /// Writes the first bytes of the pipe, kHead at most, as write() does: once they are sent, on_drained()
  /// tells that the kernel takes more.
  void write_head(SplicePipe& pipe);

  /// Begins reading. `events` must outlive this stream.
  void start(StreamEvents& events);
  /// For one that is not read yet: `events` hears on_end() all the same, orderly when the other side has
  /// ended and said nothing before, else when the connection is broken. An end behind bytes is not told: they
  /// are to be read first. Until start().
  void watch_end(StreamEvents& events);
  /// Whether the other side is still there, as the kernel knows it now: not when the connection is broken,
  /// nor when it has ended and no byte waits.
  bool here() const;
  void pause_reading();
  void resume_reading();
  bool reading() const;

  /// Room for `n` more bytes of output, to be filled in place; they are sent at the end of the turn once
  /// commit(n) is called. Writing to a stream that has ended in error does nothing.
  std::byte* prepare(std::size_t n);
  void commit(std::size_t n);
  /// From kSendWhole on without a copy: they go out at once, behind what is buffered, and only what the
  /// kernel does not take is.
  void write(std::span<const std::byte> bytes);
  /// Sends without a copy and without waiting for the end of the turn as much as the kernel takes now: how
  /// many bytes those were. 0 while earlier ones are buffered. The rest is the caller's to write().
  std::size_t write_now(std::span<const std::byte> bytes);
  /// From now on a write that fails because the other side is gone is told by the reader alone, behind that
  /// side's last bytes, however long those are not read. What was to be written is lost.
  void hear_out();
  /// Bytes written that the other side's kernel has not confirmed yet.
  std::size_t unconfirmed() const;
  /// on_drained() is to come once nothing is buffered, wherever the high-water mark stands.
  void tell_when_drained();
  /// Our own end's address; of no family when the connection is gone.
  Address local_address() const;
  /// The other end's, likewise.
  Address peer_address() const;
  /// Of a stream that is not read, which would tell: whether it has been reset, or has timed out. Bytes may
  /// still wait to be read.
  bool broken() const;
  /// Behind an orderly end: whether a reset came with it. Where both are there at once, libuv tells the end.
  bool reset_by_peer() const;

  /// Whether more is likely to be written within moments: then the flush may be held back for as long as
  /// turns bring bytes in, Loop::kHold at most, so that pieces that come from several sides leave as one.
  void expect_more(bool yes);

  /// Bytes accepted from write() that the kernel has not taken yet.
  std::size_t buffered() const;
  bool above_high_water() const;
  /// Of a stream that is open or connecting.
  void set_tcp_timeouts(const TcpTimeouts& tcp_timeouts);
  /// Instead of kHighWater.
  void set_high_water(std::size_t bytes);

  /// Gives the stream up: what is buffered is sent, then the end of stream, then what still comes in is
  /// thrown away until the other side closes, `patience` at most. No more events.
  void finish(Nanos patience = 1s);
  /// Half-close: sends what is buffered, then the end of stream. Reading goes on.
  void shutdown();
  /// Closes at once with a reset; buffered bytes are lost.
  void reset();

 private:
  struct Close {
    void operator()(StreamBlock* block) const;
  };
  explicit TcpStream(StreamBlock* block) : block_(block) {}

  std::unique_ptr<StreamBlock, Close> block_;
};

}  // namespace finishline::net
