// The requests that clients have cancelled since the dispatcher last looked through all that are open. Worker
// process; plain values.
#pragma once

#include <cstddef>
#include <map>
#include <tuple>

#include "lb/worker/request.h"
#include "proto/units.h"

namespace finishline::worker {

class CancelList {
 public:
  /// Notes that this one was cancelled at `now`.
  void add(const ReplyAddress& client, Instant now) { at_[key_of(client)] = now; }
  /// Whether a request of this name that came then was cancelled: one that came later is another.
  bool has(const ReplyAddress& client, Instant received_at) const {
    const auto found = at_.find(key_of(client));
    return found != at_.end() && received_at <= found->second;
  }
  bool empty() const { return at_.empty(); }
  std::size_t size() const { return at_.size(); }

 private:
  using Key = std::tuple<std::uint32_t, std::uint32_t, std::uint64_t>;
  static Key key_of(const ReplyAddress& client) { return {client.session, client.generation, client.tag}; }

  std::map<Key, Instant> at_;
};

}  // namespace finishline::worker
