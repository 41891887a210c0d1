// Any bytes are a report or none; what was read can be written and read again, and is taken by a view without
// harm. The first byte of the input cuts it into several reports.
#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "lb/peers/node_view.h"

using namespace finishline;
using namespace finishline::peers;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void check(std::string_view bytes, NodeView& view, Instant now) {
  const auto report = decode(bytes);
  if (!report) return;
  const auto again = decode(encode(*report));
  require(again.has_value() && *again == *report);
  const NodeView::Taken taken = view.take(*report, now);
  require(taken.news == NodeView::News::none || view.known());
  require(taken.servers.size() + taken.lanes.size() <= 4 * kMaxReport);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view rest(reinterpret_cast<const char*>(data + 1), size - 1);
  const std::size_t piece = data[0] == 0 ? rest.size() : std::size_t{data[0]};
  NodeView view;
  for (Instant now{}; !rest.empty(); now += 1ms) {
    check(rest.substr(0, piece), view, now);
    rest.remove_prefix(std::min(piece, rest.size()));
  }
  return 0;
}
