#include "client/open_requests.h"

#include <algorithm>

namespace finishline::client {

std::uint64_t OpenRequests::add(const Request& request) {
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const std::uint32_t at = free_.back();
  free_.pop_back();
  Slot& slot = slots_[at];
  slot.request = request;
  ++slot.use;
  ++open_;
  return std::uint64_t{slot.use} << 32 | at;
}

const Request* OpenRequests::find(std::uint64_t id) const {
  if (slot_of(id) >= slots_.size()) return nullptr;
  const Slot& slot = slots_[slot_of(id)];
  return slot.use == use_of(id) && slot.use % 2 == 1 ? &slot.request : nullptr;
}

void OpenRequests::remove(std::uint64_t id) {
  ++slots_[slot_of(id)].use;
  free_.push_back(slot_of(id));
  --open_;
}

std::vector<Request> OpenRequests::take_all() {
  std::vector<Request> all;
  for (std::uint32_t at = 0; at < slots_.size(); ++at) {
    if (slots_[at].use % 2 == 0) continue;
    all.push_back(slots_[at].request);
    remove(std::uint64_t{slots_[at].use} << 32 | at);
  }
  std::sort(all.begin(), all.end(), [](const Request& a, const Request& b) { return a.number < b.number; });
  return all;
}

}  // namespace finishline::client
