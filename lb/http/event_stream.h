// Server-sent events (the "event stream" of the WHATWG HTML standard): whoever follows is sent every event as
// it is published, and at first the latest. An event is written out once, however many follow. One loop.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace finishline::http {

class EventStream {
 public:
  class Follower {
   public:
    /// `text` is a whole event; it dies when this returns. May leave.
    virtual void on_event(std::string_view text) = 0;

   protected:
    ~Follower() = default;
  };

  EventStream() = default;
  EventStream(const EventStream&) = delete;
  EventStream& operator=(const EventStream&) = delete;

  /// To all followers. `id` rises; `data` has no line ends. The latest event of each name is what newcomers
  /// begin with when `kept`.
  void publish(std::string_view name, std::uint64_t id, std::string_view data, bool kept = true);

  /// The follower outlives its membership. It is sent the latest event at once, unless it has seen that:
  /// `last_seen` as its Last-Event-ID says, "" when it does not.
  void join(Follower& follower, std::string_view last_seen);
  void leave(Follower& follower);
  std::size_t followers() const { return followers_.size(); }

 private:
  void send_to_all(std::string_view text);

  std::vector<Follower*> followers_;
  std::string latest_;
  std::uint64_t latest_id_ = 0;
  bool sending_ = false;
};

}  // namespace finishline::http
