#include "lb/http/event_stream.h"

#include <algorithm>
#include <utility>

namespace finishline::http {

void EventStream::publish(std::string_view name, std::uint64_t id, std::string_view data, bool kept) {
  std::string text;
  text.reserve(name.size() + data.size() + 48);
  text.append("event: ").append(name).append("\nid: ").append(std::to_string(id));
  text.append("\ndata: ").append(data).append("\n\n");
  send_to_all(text);
  if (!kept) return;
  latest_ = std::move(text);
  latest_id_ = id;
}

/// Who leaves meanwhile is replaced by nobody, and swept afterwards.
void EventStream::send_to_all(std::string_view text) {
  sending_ = true;
  for (std::size_t i = 0; i < followers_.size(); ++i)
    if (followers_[i] != nullptr) followers_[i]->on_event(text);
  sending_ = false;
  std::erase(followers_, nullptr);
}

void EventStream::join(Follower& follower, std::string_view last_seen) {
  followers_.push_back(&follower);
  if (!latest_.empty() && last_seen != std::to_string(latest_id_)) follower.on_event(latest_);
}

void EventStream::leave(Follower& follower) {
  const auto found = std::ranges::find(followers_, &follower);
  if (found == followers_.end()) return;
  *found = nullptr;
  if (!sending_) std::erase(followers_, nullptr);
}

}  // namespace finishline::http
