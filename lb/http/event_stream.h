// Server-sent events (the "event stream" of the WHATWG HTML standard): whoever follows is sent every event as
// it is published, and at first the latest. Who comes back says which event was its last, and is sent what it
// has missed: no event is lost, and none comes twice. An event is written out once, however many follow. One
// loop.
#pragma once

#include <cstdint>
#include <functional>
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

  /// To all followers. `id` rises; `data` has no line ends. A state is `kept`: newcomers begin with the
  /// latest, and need not hear of those before. An event that is not kept can be told again by set_past().
  void publish(std::string_view name, std::uint64_t id, std::string_view data, bool kept = true);

  /// An event that was published, by this or an earlier process.
  struct Past {
    std::string name;
    std::uint64_t id;
    std::string data;
  };
  /// Gives what was not kept and has a higher id, the oldest first. Without it nothing is told again.
  void set_past(std::function<std::vector<Past>(std::uint64_t id)> after) { past_ = std::move(after); }

  /// The follower outlives its membership. `last_seen` as its Last-Event-ID says: it is sent at once, in
  /// their order, all events after that and the latest state; where that is no id, the latest state and what
  /// came after it.
  void join(Follower& follower, std::string_view last_seen);
  void leave(Follower& follower);
  std::size_t followers() const { return followers_.size(); }

 private:
  void send_to_all(std::string_view text);

  std::vector<Follower*> followers_;
  std::function<std::vector<Past>(std::uint64_t)> past_;
  std::string latest_;
  std::uint64_t latest_id_ = 0;
  bool sending_ = false;
};

}  // namespace finishline::http
