#include "client/open_requests.h"

#include <algorithm>

namespace finishline::client {

std::vector<std::uint64_t> OpenRequests::ids() {
  std::vector<std::uint64_t> ids;
  open_.each([&](SlotKey key, const Request&) { ids.push_back(key.packed()); });
  return ids;
}

std::vector<Request> OpenRequests::take_all() {
  std::vector<Request> all;
  open_.each([&](SlotKey key, const Request&) { all.push_back(open_.take(key)); });
  std::ranges::sort(all, {}, &Request::number);
  return all;
}

}  // namespace finishline::client
