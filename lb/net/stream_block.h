// Inside of net/: the heap block behind a TcpStream. Owned by the TcpStream until that is dropped, by the
// libuv loop from then until the close callback, which frees it.
#pragma once

#include <uv.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "lb/net/stream.h"
#include "lb/net/stream_state.h"
#include "lb/net/timer.h"

namespace finishline::net {

struct StreamTls;  // stream_tls.h

struct StreamBlock {
  /// One write that the kernel did not take at once: the request and its bytes in one block.
  struct WriteOp {
    uv_write_t request;
    Buffer bytes;
  };

  /// With an initialised handle; from here on only close() may free it.
  static StreamBlock* make(Loop& loop);
  template <class Handle>
  static StreamBlock* of(const Handle* handle) {
    return static_cast<StreamBlock*>(handle->data);
  }

  uv_stream_t* as_stream() { return reinterpret_cast<uv_stream_t*>(&handle); }
  uv_handle_t* as_handle() { return reinterpret_cast<uv_handle_t*>(&handle); }
  /// The socket; -1 when there is none (yet, or any more).
  int fd() const;

  bool connecting() const {
    return life == StreamLife::connecting || life == StreamLife::lingering_connecting;
  }
  bool lingering() const { return life == StreamLife::lingering || life == StreamLife::lingering_connecting; }
  bool reading() const { return input == StreamInput::reading; }
  bool ended() const { return input == StreamInput::ended; }
  /// Writing is pointless.
  bool failed() const { return output == StreamOutput::failed || output == StreamOutput::left_to_reader; }

  std::size_t buffered() const { return out.size() + in_kernel_queue; }
  /// Tells the loop how many bytes are held here now.
  void account() {
    if (written_off) return;
    loop->buffered_bytes_ += buffered() - accounted;
    accounted = buffered();
  }
  /// What is held is going to be freed unsent: it does not count any more.
  void write_off() {
    loop->buffered_bytes_ -= std::exchange(accounted, 0);
    written_off = true;
  }

  /// Starts to connect, from `source` if that is an address; what comes of it is told later, never from
  /// inside.
  void connect(const Address& address, const Address& source);
  /// The same to a Unix socket, to which the kernel connects at once or not at all: told at the end of the
  /// turn.
  void connect_unix(const Address& address);
  int open_unix(const Address& address);
  void arrive();

  void mark_dirty();
  void unmark_dirty();
  /// Sends what the turn has written: tries at once, queues the rest.
  void flush();
  void send();
  /// What the kernel takes of these now, 0 when nothing; or a negative code of libuv's. Without
  /// uv_try_write(), which takes the longer way of write(2).
  ssize_t send_now(std::span<const std::byte> bytes);
  void send_early();
  bool may_send() const { return in_kernel_queue == 0 && !tls && !failed(); }
  void send_behind(std::span<const std::byte> bytes);
  void keep_unsent(std::span<const std::byte> bytes, std::size_t sent);
  void queue_rest(Buffer& from, std::size_t sent);
  /// Turns differ in what they write: the next output is given room for the most, which fades, for a buffer
  /// that grows by and by is copied each time.
  void note_out(std::size_t bytes) { usual_out = std::max(bytes, usual_out - usual_out / 8); }
  /// After a write that came back with this code.
  void write_failed(int code);

  // Of one that speaks TLS: stream_tls.cc.
  void begin_tls(std::unique_ptr<tls::TlsEngine> engine);
  void on_wire(std::span<const std::byte> bytes);
  void go_on_decrypting();
  void decrypt(std::span<const std::byte> wire);
  bool deliver(tls::TlsEngine::State before, std::size_t plain);
  void keep_wire(std::span<const std::byte> wire);
  void decrypt_later();
  void decrypt_never();
  void send_sealed();
  void send_wire();
  std::size_t seal_now(std::span<const std::byte> bytes);
  bool say_goodbye();
  void say_goodbye_if_done();
  void tls_failed();
  bool truncated() const;
  bool handshaking() const { return tls && engine_handshakes(); }
  bool engine_handshakes() const;
  bool has_kept_wire() const;

  void on_written(int status);
  void after_flush();
  void mark_failed(int code);
  void fail(int code);
  void close_or_report();
  /// After a failed write: whether it is the reader that will tell of it.
  bool leave_to_reader(int code);
  void watch_end();
  void unwatch();
  void on_watched();
  /// What has become of the other side, without reading.
  enum class Look : std::uint8_t { here, ended, broken };
  Look look() const;
  bool broken() const;
  void start_reading();
  void stop_reading();
  bool shut_down();
  void linger(Nanos patience);
  void close();

  inline uv_buf_t room_to_read();
  /// So much may be read at once, as the loop stands.
  std::size_t most_allowed() const;
  void read_by_owner();
  static void on_read(uv_stream_t* handle, ssize_t n, const uv_buf_t* buffer);
  /// Frees the block whose handle has been closed.
  static void free(uv_handle_t* handle) { delete of(handle); }

  static constexpr std::size_t kNotDirty = ~std::size_t{0};

  uv_tcp_t handle;
  Loop* loop;
  StreamEvents* events = nullptr;       // cleared on drop: no call can come after it
  Buffer out;                           // written in this turn, or behind a pending WriteOp
  std::size_t dirty_index = kNotDirty;  // place in Loop::dirty_
  std::size_t usual_out = 0;            // the most that was sent at once of late: see note_out()
  std::size_t in_kernel_queue = 0;      // bytes of the pending WriteOp
  std::size_t accounted = 0;            // bytes in Loop::buffered_bytes_
  std::size_t high_water = TcpStream::kHighWater;
  std::unique_ptr<StreamTls> tls;
  std::size_t filled = 0;                   // bytes of the reads in a row that filled their room
  std::size_t most_read = ~std::size_t{0};  // in one on_bytes()
  std::unique_ptr<Timer> patience;          // only while lingering
  uv_poll_t* watch = nullptr;               // only while it is not read and its end is to be told
  bool arriving = false;                    // to a Unix socket; in_kernel_queue keeps flush() from sending
  int end_code = 0;
  StateMachine<kStreamLifeMoves> life{StreamLife::unconnected};
  StateMachine<kStreamInputMoves> input{StreamInput::paused};
  StateMachine<kStreamOutputMoves> output{StreamOutput::open};
  bool written_off = false;     // nothing of it counts as buffered
  bool drained_wanted = false;  // the owner is to hear when nothing is buffered
  bool more_expected = false;   // the flush may be held back
  bool hears_out = false;       // see TcpStream::hear_out
  bool by_hand = false;         // see TcpStream::read_by_hand
  int hand_error = 0;           // what the owner's read has met: told when it has returned

 private:
  explicit StreamBlock(Loop& owner_loop);
  ~StreamBlock();
  int open_from(const Address& source);
  void on_connected(int status);
};

}  // namespace finishline::net
