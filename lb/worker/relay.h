// One end of a relayed connection: passes on to the other end what it reads, its end included. Worker
// process.
//
//   client ══ on_bytes ──write_now──> server        what the kernel takes at once is never copied
//                  `─────write──> buffer ──> ...    the rest waits here, and the client is not read meanwhile
//
// Who has brought several long reads in a row moves in bulk: it is read by hand, and each move goes the way
// that is the cheaper one on this machine (bulk_rule.h), copied in large reads or spliced through a pipe. A
// pipe is lent for one move; only where the other end does not take all of it does it stay, and its first
// bytes stand in the buffer, so that the other end tells when it takes more. Single messages are copied: they
// cost two calls either way.
#pragma once

#include "lb/net/stream.h"
#include "lb/worker/bulk_mover.h"

namespace finishline::worker {

class RelayEnd final : private net::StreamEvents {
 public:
  /// Who is told. The ends may be closed in any of these calls.
  class Owner {
   public:
    virtual void on_connected() = 0;
    /// So many bytes were read from `from` and will be passed on, this way.
    virtual void on_moved(RelayEnd& from, std::size_t bytes, BulkWay way) = 0;
    /// `from` has ended; its last byte and its end have been passed on.
    virtual void on_half_closed(RelayEnd& from) = 0;
    /// The connection of `from` was reset, lost, or never made; or one that is watched has ended. All that
    /// came from it has been given to the other end, which may not have taken it yet.
    virtual void on_broken(RelayEnd& from, net::End end) = 0;

   protected:
    ~Owner() = default;
  };

  /// A reader that keeps up is given reads of up to so much, one that does not small ones: what waits for it
  /// in here is at most one read. The loop's buffer should have room for it. Twice as much would keep the
  /// other connections waiting for more than a millisecond.
  static constexpr std::size_t kLargeRead = 2048 * 1024;

  RelayEnd(Owner& owner, RelayEnd& other) : owner_(owner), other_(other) {}
  RelayEnd(const RelayEnd&) = delete;
  RelayEnd& operator=(const RelayEnd&) = delete;

  /// The connection; it is read once start() says so.
  void take(net::TcpStream stream) {
    stream_ = std::move(stream);
    stream_.limit_read(read_size_);
    stream_.hear_out();
  }
  /// Until start(): on_broken() comes when the other side leaves without having said anything, or is reset.
  void watch() {
    if (!open_) stream_.watch_end(*this);
  }
  /// Whether it is still there; of one that is not started.
  bool here() const { return stream_.here(); }
  void start() {
    stream_.start(*this);
    begin_reading();
  }
  /// Starts to connect; reading begins with on_connected().
  void connect(net::Loop& loop, const net::Address& address, const net::Address& source) {
    take(net::TcpStream::connect(loop, address, *this, source));
  }
  /// Of one that is connecting: over TLS, behind `first` in plain text.
  void begin_tls(std::unique_ptr<tls::TlsEngine> engine, std::span<const std::byte> first) {
    stream_.begin_tls(std::move(engine), first);
  }
  std::string why(net::End end) const { return stream_.why(end); }
  void set_tcp_timeouts(const net::TcpTimeouts& tcp_timeouts) { stream_.set_tcp_timeouts(tcp_timeouts); }
  /// May move in bulk, as `wanted` says; without a mover it never does. Of both ends.
  void use(BulkMover* mover, config::Bulk wanted) {
    mover_ = wanted == config::Bulk::copy ? nullptr : mover;
    wanted_ = wanted;
  }
  /// Whether it may be read at all, whatever the other end takes. Reading is allowed at first.
  void allow_reading(bool yes);
  /// Goes out before anything else.
  void write_first(std::span<const std::byte> bytes) { stream_.write(bytes); }

  net::Address local_address() const { return stream_.local_address(); }
  /// It sends no more.
  bool ended() const { return ended_; }
  /// It is broken, and nobody was told, because it is not read while the other end takes nothing.
  bool broken_unread() const { return open_ && !ended_ && other_.buffered() > 0 && stream_.broken(); }
  /// Bytes for it that its kernel has not taken yet, those in a pipe among them.
  std::size_t buffered() const { return stream_ ? stream_.buffered() + piped() : 0; }
  /// Bytes for it that its other side has not confirmed yet; 0 when it is closed.
  std::size_t unconfirmed() const { return stream_ ? stream_.unconfirmed() + piped() : 0; }

  /// No more calls. What is buffered is lost.
  void close() {
    stream_ = net::TcpStream();
    pipe_.reset();
  }
  void reset() {
    stream_.reset();
    pipe_.reset();
  }

 private:
  static constexpr std::size_t kSmallRead = 64 * 1024;
  /// So many long reads in a row begin bulk, so many short moves in a row end it.
  static constexpr std::uint32_t kFullReads = 3;
  static constexpr std::uint32_t kSmallMoves = 8;
  static constexpr bool is_long(std::size_t bytes) { return bytes >= kSmallRead - kSmallRead / 16; }

  void on_connected() override {
    begin_reading();
    owner_.on_connected();
  }
  void on_bytes(std::span<const std::byte> bytes) override;
  void on_readable() override;
  void on_end(net::End end) override;
  void on_lost(net::End end) override { owner_.on_broken(*this, end); }
  void on_drained() override;

  void begin_reading();
  void go_on_reading();
  void hold_back(std::span<const std::byte> rest);
  void hold_back_pipe();
  void size_reads(std::size_t wanted);
  void size_next_read(std::size_t got);
  void begin_bulk();
  void leave_bulk();
  void copy_on(bool measured);
  void splice_on(bool measured);
  void go_on_in_bulk(std::size_t got);
  bool drain_pipe();
  void wait_for_pipe();
  std::size_t piped() const { return pipe_ ? pipe_->held() : 0; }

  Owner& owner_;
  RelayEnd& other_;
  net::TcpStream stream_;
  std::size_t read_size_ = kSmallRead;
  BulkMover* mover_ = nullptr;
  net::PipePool::Lease pipe_{nullptr, {}};  // with bytes for this end
  std::uint32_t full_reads_ = 0;            // in a row
  std::uint32_t small_moves_ = 0;           // in a row, in bulk
  config::Bulk wanted_{};
  bool shutdown_behind_pipe_ = false;
  bool open_ = false;  // connected and started
  bool allowed_ = true;
  bool ended_ = false;
};

}  // namespace finishline::worker
