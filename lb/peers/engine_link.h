// One connection to redis: made, introduced and checked until it can be used; then replies come in the order
// of the commands. Peer process. It is used once: after on_lost() another one is made.
//
//   connecting -> AUTH, ROLE -> a master: SELECT -> ready
//                               a sentinel: asked for the master -> moved
//                               a replica, or anything else -> lost
#pragma once

#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>

#include "lb/net/stream.h"
#include "lb/net/timer.h"
#include "lb/peers/redis_replies.h"
#include "lb/process/secret.h"
#include "lb/tls/client_context.h"

namespace finishline::peers {

struct Introduction {
  std::string user;            // "": the default user
  process::Secret password{};  // "": none is given
  std::uint32_t database = 0;
  std::string sentinel_master;
};

class EngineLink final : net::StreamEvents {
 public:
  /// Called from the loop; each may drop the link, but for on_reply.
  struct Handlers {
    std::function<void()> on_ready;
    std::function<void(RedisReply)> on_reply;
    std::function<void(const net::Address& master)> on_moved;
    std::function<void(const std::string& reason)> on_lost;
  };
  static constexpr Nanos kPatience = 1s;  // until it is ready

  /// The introduction, and the context where it speaks TLS, outlive it.
  EngineLink(net::Loop& loop, const net::Address& address, const Introduction& introduction,
             const tls::ClientContext* tls, Handlers handlers);

  bool ready() const { return stage_ == Stage::ready; }
  const net::Address& address() const { return address_; }
  void send(std::initializer_list<std::string_view> words);
  /// Bytes that redis' machine has not taken.
  std::size_t unconfirmed() const { return stream_.unconfirmed(); }

 private:
  enum class Stage : std::uint8_t {
    connecting,
    introducing,
    asking_role,
    selecting,
    asking_sentinel,
    ready,
    lost
  };

  /// Nothing has been said yet but, perhaps, words of TLS.
  bool is_shaking_hands() const;
  void on_connected() override;
  void on_bytes(std::span<const std::byte> bytes) override;
  void on_end(net::End end) override;
  void on_lost(net::End end) override;
  void take(RedisReply reply);
  void ask_role();
  void take_role(const RedisReply& reply);
  void take_master(const RedisReply& reply);
  void become_ready();
  void lose(std::string reason);

  const net::Address address_;
  const Introduction& introduction_;
  Handlers handlers_;
  Stage stage_ = Stage::connecting;
  RedisReplies replies_;
  net::Timer patience_;
  net::TcpStream stream_;
};

}  // namespace finishline::peers
