// One TLS connection without a socket: bytes of the network in, plain bytes out, and the other way round. Any
// process that has a loop; the caller moves the bytes (lb/net/stream_block.h).
//
//   handshaking --> open --the other side's close_notify--> ended
//        `-----------`--------any fault--------------------> failed
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace finishline::tls {

class ClientContext;
class ServerContext;

enum class TlsFault : std::uint8_t {
  none,
  not_tls,       // bytes that are no TLS, or break its rules
  no_agreement,  // no protocol version, cipher or application protocol in common
  certificate,   // ours or theirs is missing, not valid, or not the one expected
  told_by_peer,  // the other side has sent an alert
};

class TlsEngine {
 public:
  enum class State : std::uint8_t { handshaking, open, ended, failed };
  /// Takes bytes that are to go over the network; called from inside of read(), write(), begin() and close().
  using Sink = void (*)(void* owner, std::span<const std::byte> wire);

  /// The server's end of a connection; the context outlives it.
  static std::unique_ptr<TlsEngine> accept(const ServerContext& context);
  /// The client's end.
  static std::unique_ptr<TlsEngine> connect(const ClientContext& context);
  ~TlsEngine();
  TlsEngine(const TlsEngine&) = delete;
  TlsEngine& operator=(const TlsEngine&) = delete;

  /// Before anything else.
  void send_to(Sink sink, void* owner) {
    sink_ = sink;
    sink_owner_ = owner;
  }
  /// A client says hello.
  void begin();
  /// Takes bytes of the network from the front of `wire` and gives plain ones: how many. Returns when all is
  /// taken, `plain` is full, or the state has changed.
  std::size_t read(std::span<const std::byte>& wire, std::span<std::byte> plain);
  /// Sends all of it, encrypted. Precondition: open, or ended, and not closed. False when it has failed.
  bool write(std::span<const std::byte> plain);
  /// Tells the other side that no more comes.
  void close();

  State state() const { return state_; }
  TlsFault fault() const { return fault_; }
  /// Why it has failed, fit for a log.
  const std::string& reason() const { return reason_; }

  // Once it is open.
  bool resumed() const;
  /// "TLSv1.3"
  std::string_view version() const;
  /// What both agreed to speak; "": nothing was said of it.
  std::string_view protocol() const;
  /// All names that stand in the other side's certificate: the subject as in "CN=alice,O=Example", its common
  /// name as "CN=alice", and "DNS:...", "email:...", "URI:..."; none when it has shown none.
  std::vector<std::string> peer_names() const;

 private:
  struct Tls;
  explicit TlsEngine(std::unique_ptr<Tls> tls);
  void shake_hands();
  bool begins_otherwise(std::span<const std::byte> wire) const;
  void turn_away(std::span<const std::byte> wire);
  void on_open();
  void fail(TlsFault fault, std::string reason);
  void judge(int result);

  std::unique_ptr<Tls> tls_;
  const ClientContext* client_ = nullptr;  // none: it is a server's
  std::span<const std::byte> input_;
  Sink sink_ = nullptr;
  void* sink_owner_ = nullptr;
  State state_ = State::handshaking;
  TlsFault fault_ = TlsFault::none;
  bool closed_ = false;
  bool heard_ = false;  // any byte of the network
  std::string reason_;
};

/// What a fault is called in log and metrics.
std::string_view name_of(TlsFault fault);

}  // namespace finishline::tls
