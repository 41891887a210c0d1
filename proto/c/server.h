// A worker: connections in, work out, answers back. finishline_server of the C header is this. Any thread;
// one lock guards all of it but the waiting.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "proto/c/address_list.h"
#include "proto/c/intake.h"
#include "proto/c/server_connection.h"

namespace finishline::clib {

class Server {
 public:
  /// Listens. Throws std::system_error.
  Server(const SocketAddress& address, const ServerRules& rules);
  ~Server();

  const std::string& address() const { return address_; }
  /// Requests that are handed out at once, now.
  std::uint32_t slots();

  /// Has `hire` told, now and whenever a resize changes it, how many may be worked on at once. It is called
  /// with the lock, and may throw std::system_error: a resize is refused then. Empty: nobody is told any
  /// more.
  void hire_by(std::function<void(std::uint32_t slots)> hire);
  /// Has a thread of its own do the turns from now on. Throws std::system_error.
  void start();
  /// FINISHLINE_OK and *work, FINISHLINE_TIMED_OUT or FINISHLINE_ENDED.
  int take(Instant until, finishline_work** work);
  void answer(ServerJob* job, int status, std::uint32_t service_us, std::span<const std::byte> body);
  /// Answers what has been left unanswered.
  void answer_if_left(ServerJob* job, std::uint64_t serial);
  bool wanted(const ServerJob& job);

  /// May be called from a signal handler.
  void ask_to_drain() noexcept { ask(Wish::drain); }
  void ask_to_stop() noexcept { ask(Wish::stop); }
  /// All that was accepted has been answered, and nothing more will be.
  bool drained() const { return drained_; }

  int descriptor() const { return poller_.descriptor(); }
  /// When turn() has something to do by the clock.
  Instant next_time();
  /// Waits until so long something can be done, and does it. False when the server has ended.
  bool turn(Instant until);

 private:
  enum class Wish : int { none, drain, stop };

  void ask(Wish wish) noexcept;
  /// Has whoever turns come by.
  void nudge() noexcept;
  void listen(const SocketAddress& address);
  void run_turns();
  // Everything below holds the lock.
  void obey(Instant now);
  void handle(const Poller::Event& event, Instant now);
  void accept_all(Instant now);
  void welcome(Descriptor socket);
  void read(ServerConnection& connection, Instant now);
  void cancel(ServerConnection& connection, std::uint64_t id, Instant now);
  Answer resize(const proto::FrameHeader& asked);
  /// Handlers that run side by side may do so in any number; one that runs alone may not be fit for more, and
  /// who takes work himself has room for what he has asked for.
  std::uint32_t most_slots() const;
  void flush(ServerConnection& connection, Instant now);
  void sweep(Instant now);
  void begin_drain(Instant now);
  void go_on_draining(Instant now);
  void close_listener();
  void end();
  ServerJob* next_job(Instant now);
  void reply(ServerJob* job, int status, std::uint32_t service_us, std::span<const std::byte> body,
             Instant now);
  Instant next_time_locked() const;
  /// When a drain that has nothing left to do ends.
  Instant goodbye_at() const;

  ServerRules rules_;
  std::string address_;
  Poller poller_;
  Descriptor listener_;
  std::string file_;  // of a Unix socket, while it listens
  Descriptor wake_;   // an eventfd: somebody has asked for something
  std::atomic<Wish> wish_ = Wish::none;
  std::atomic<bool> drained_ = false;

  std::mutex turning_;  // who waits for the poller; taken before mutex_
  std::mutex mutex_;
  std::condition_variable work_came_;
  Intake intake_;
  std::function<void(std::uint32_t)> hire_;
  std::map<std::uint64_t, std::unique_ptr<ServerConnection>> connections_;  // by tag
  std::vector<std::byte> block_;
  std::uint64_t last_tag_;
  std::optional<Instant> accept_again_;  // out of descriptors until then
  std::optional<Instant> goodbye_from_;  // drained since then
  Instant last_frame_ = Instant::min();
  bool started_ = false;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace finishline::clib
