#include "lb/http/event_stream.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace finishline::http {

namespace {

std::string event_text(std::string_view name, std::uint64_t id, std::string_view data) {
  std::string text;
  text.reserve(name.size() + data.size() + 48);
  text.append("event: ").append(name).append("\nid: ").append(std::to_string(id));
  text.append("\ndata: ").append(data).append("\n\n");
  return text;
}

std::optional<std::uint64_t> id_in(std::string_view text) {
  std::uint64_t id = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), id);
  if (text.empty() || read.ec != std::errc{} || read.ptr != text.data() + text.size()) return std::nullopt;
  return id;
}

}  // namespace

void EventStream::publish(std::string_view name, std::uint64_t id, std::string_view data, bool kept) {
  std::string text = event_text(name, id, data);
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

/// In the order of ids, so that who is cut off in the middle goes on from there.
void EventStream::join(Follower& follower, std::string_view last_seen) {
  followers_.push_back(&follower);
  const auto seen = id_in(last_seen);
  bool due = !latest_.empty() && (!seen || *seen < latest_id_);
  for (const Past& it : past_ ? past_(seen.value_or(latest_id_)) : std::vector<Past>{}) {
    if (std::exchange(due, due && it.id < latest_id_) && !due) follower.on_event(latest_);
    follower.on_event(event_text(it.name, it.id, it.data));
  }
  if (due) follower.on_event(latest_);
}

void EventStream::leave(Follower& follower) {
  const auto found = std::ranges::find(followers_, &follower);
  if (found == followers_.end()) return;
  *found = nullptr;
  if (!sending_) std::erase(followers_, nullptr);
}

}  // namespace finishline::http
