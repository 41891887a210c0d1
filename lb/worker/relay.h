// One end of a relayed connection: passes on to the other end what it reads, its end included. Worker
// process.
//
//   client ══ on_bytes ──write_now──> server        what the kernel takes at once is never copied
//                  `─────write──> buffer ──> ...    the rest waits here, and the client is not read meanwhile
//
// Plain reads into the worker's one buffer, not splice(2): a message costs two calls either way,
// and bulk data moved in 2 MiB reads at 0.23 to 0.31 CPU s/GiB where HAProxy's splicing took 0.34 to 0.57.
#pragma once

#include "lb/net/stream.h"

namespace finishline::worker {

class RelayEnd final : private net::StreamEvents {
 public:
  /// Who is told. The ends may be closed in any of these calls.
  class Owner {
   public:
    virtual void on_connected() = 0;
    /// So many bytes were read from `from` and will be passed on.
    virtual void on_moved(RelayEnd& from, std::size_t bytes) = 0;
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
  /// Whether it may be read at all, whatever the other end takes. Reading is allowed at first.
  void allow_reading(bool yes);
  /// Goes out before anything else.
  void write_first(std::span<const std::byte> bytes) { stream_.write(bytes); }

  net::Address local_address() const { return stream_.local_address(); }
  /// It sends no more.
  bool ended() const { return ended_; }
  /// It is broken, and nobody was told, because it is not read while the other end takes nothing.
  bool broken_unread() const { return open_ && !ended_ && other_.buffered() > 0 && stream_.broken(); }
  /// Bytes for it that its kernel has not taken yet.
  std::size_t buffered() const { return stream_ ? stream_.buffered() : 0; }
  /// Bytes for it that its other side has not confirmed yet; 0 when it is closed.
  std::size_t unconfirmed() const { return stream_ ? stream_.unconfirmed() : 0; }

  /// No more calls. What is buffered is lost.
  void close() { stream_ = net::TcpStream(); }
  void reset() { stream_.reset(); }

 private:
  static constexpr std::size_t kSmallRead = 64 * 1024;

  void on_connected() override {
    begin_reading();
    owner_.on_connected();
  }
  void on_bytes(std::span<const std::byte> bytes) override;
  void on_end(net::End end) override;
  void on_lost(net::End end) override { owner_.on_broken(*this, end); }
  void on_drained() override;

  void begin_reading();
  void go_on_reading();
  void hold_back(std::span<const std::byte> rest);
  void size_reads(std::size_t got);

  Owner& owner_;
  RelayEnd& other_;
  net::TcpStream stream_;
  std::size_t read_size_ = kSmallRead;
  bool open_ = false;  // connected and started
  bool allowed_ = true;
  bool ended_ = false;
};

}  // namespace finishline::worker
