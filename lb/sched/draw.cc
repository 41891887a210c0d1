#include "lb/sched/draw.h"

namespace finishline::sched {
namespace {

constexpr int kTries = 8;

}  // namespace

// Draws from all until one is drawn that counts; when that fails, draws from those that do. Either way each
// of them has the same chance.
std::optional<std::size_t> draw(const PoolView& view, Random& random, std::size_t except) {
  const auto counts = [&](std::size_t server) { return server != except && view.can(server); };
  const auto size = static_cast<std::uint32_t>(view.size());
  for (int tries = 0; tries < kTries && size > 0; ++tries) {
    const std::size_t server = random.below(size);
    if (counts(server)) return server;
  }
  std::uint32_t able = 0;
  for (std::size_t server = 0; server < size; ++server) able += counts(server);
  if (able == 0) return std::nullopt;
  std::uint32_t skip = random.below(able);
  std::size_t server = 0;
  while (!counts(server) || skip-- > 0) ++server;
  return server;
}

std::optional<std::size_t> draw_by_share(const PoolView& view, Random& random) {
  double sum = 0;
  for (std::size_t server = 0; server < view.size(); ++server)
    if (view.can(server)) sum += view.share_of(server);
  double rest = random.unit() * sum;
  std::optional<std::size_t> last;  // rounding may leave a rest behind the last one
  for (std::size_t server = 0; server < view.size() && rest >= 0; ++server) {
    if (!view.can(server)) continue;
    last = server;
    rest -= view.share_of(server);
  }
  return last;
}

}  // namespace finishline::sched
