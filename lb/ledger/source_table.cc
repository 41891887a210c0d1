#include "lb/ledger/source_table.h"

#include <sched.h>
#include <sodium/crypto_shorthash.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "lb/ledger/layout.h"
#include "lb/sched/hash.h"

namespace finishline::ledger {
namespace {

constexpr auto kTotal = std::memory_order_seq_cst;
constexpr auto kRelaxed = std::memory_order_relaxed;

constexpr std::size_t kLongestScoped = 16;  // bytes of a host

constexpr SourceTable::Key kNeverUsed = 0;
constexpr SourceTable::Key kTakenBit = SourceTable::Key{1} << 63;
constexpr SourceTable::Key kListenerBit = SourceTable::Key{1} << 62;  // of keys that are no client's
constexpr SourceTable::Key kVacant = ~SourceTable::Key{0};            // taken by nobody

constexpr SourceTable::Key taken_by(WorkerId worker) { return kTakenBit | worker; }
bool is_free(SourceTable::Key key) { return key == kNeverUsed || key == kVacant; }
bool is_taken(SourceTable::Key key) { return (key & kTakenBit) != 0; }

/// SipHash-2-4 under the ledger's secret: what an attacker cannot see, he cannot steer.
std::uint64_t keyed_hash(const Layout& layout, SourceTable::Key scope, std::span<const std::byte> bytes) {
  static_assert(sizeof layout.source_secret == crypto_shorthash_KEYBYTES);
  std::array<unsigned char, sizeof scope + kLongestScoped> text{};
  std::memcpy(text.data(), &scope, sizeof scope);
  std::ranges::transform(bytes, text.begin() + sizeof scope,
                         [](std::byte byte) { return std::to_integer<unsigned char>(byte); });
  std::uint64_t hash = 0;
  crypto_shorthash(reinterpret_cast<unsigned char*>(&hash), text.data(), sizeof scope + bytes.size(),
                   reinterpret_cast<const unsigned char*>(layout.source_secret.data()));
  return hash;
}

/// Neither free nor taken.
SourceTable::Key client_key(std::uint64_t hash) {
  return std::max<std::uint64_t>(hash & ~(kTakenBit | kListenerBit), 1);
}
SourceTable::Key listener_key(std::uint64_t hash) { return (hash & ~kTakenBit) | kListenerBit; }

}  // namespace

SourceTable::SourceTable(Ledger& ledger, WorkerId self) : layout_(&ledger.layout()), self_(self) {}

SourceTable::Key SourceTable::key_of_client(std::span<const std::byte> host, Key listener) const {
  constexpr std::size_t kNetworkBytes = 8;  // of IPv6: what one customer has
  const auto counts = host.size() == 16 ? host.first(kNetworkBytes) : host;
  return client_key(keyed_hash(*layout_, listener, counts));
}

/// Names are nothing that clients choose; the keyed hash of one of any length.
SourceTable::Key SourceTable::key_of_listener(std::string_view name) const {
  return listener_key(keyed_hash(*layout_, sched::identity_of(name), {}));
}

SourceTable::Window SourceTable::window_of(Key key) const {
  const bool listener = (key & kListenerBit) != 0;
  const std::uint32_t size = listener ? Layout::kListenerWindow : Layout::kWindow;
  const std::uint32_t rows = listener ? Layout::kListenerRows : layout_->sizes.max_sources;
  return {(listener ? layout_->sizes.max_sources : 0) + static_cast<SourceRow>(key % (rows / size)) * size,
          size};
}

std::optional<SourceRow> SourceTable::find(Key key) const {
  const Window window = window_of(key);
  for (SourceRow row = window.first; row < window.first + window.size; ++row)
    if (layout_->source_key(row).load(kTotal) == key) return row;
  return std::nullopt;
}

/// Of all keys that have no row of their own this one is always counted there.
SourceRow SourceTable::share(Key key) {
  const Window window = window_of(key);
  const SourceRow row = window.first + static_cast<SourceRow>(sched::mix(key) % window.size);
  count(row, 1);
  return row;
}

std::uint64_t SourceTable::connections_in(SourceRow row) const {
  const std::uint32_t workers = layout_->worker_limit.load(std::memory_order_acquire);
  std::uint64_t sum = 0;
  for (WorkerId worker = 0; worker < workers; ++worker)
    sum += layout_->source_count(row, worker).load(kTotal);
  return sum;
}

// Ends: a key that changed behind our back was taken by somebody who found it unused, and with our count in
// its place the next one will not be.
std::optional<SourceRow> SourceTable::enter(Key key, Instant now) {
  for (;;) {
    auto row = find(key);
    if (!row) row = claim(key, now);
    if (!row) return std::nullopt;
    count(*row, 1);
    if (layout_->source_key(*row).load(kTotal) == key) return row;
    leave(*row);
  }
}

void SourceTable::leave(SourceRow row) { count(row, -1); }

/// One writer: no read-modify-write is needed, but the total order is.
void SourceTable::count(SourceRow row, std::int32_t n) {
  auto& cell = layout_->source_count(row, self_);
  cell.store(cell.load(kRelaxed) + static_cast<std::uint32_t>(n), kTotal);
}

/// A row of the window that nobody uses: the first one, so that two who bring the same key meet there.
std::optional<SourceRow> SourceTable::claim(Key key, Instant now) {
  const Window window = window_of(key);
  for (SourceRow row = window.first; row < window.first + window.size; ++row) {
    Key seen = settled(row);
    if (seen == key) return row;
    const bool ours = is_free(seen) ? layout_->source_key(row).compare_exchange(seen, taken_by(self_), kTotal)
                                    : !is_taken(seen) && evict(row, seen, now);
    if (ours) {
      connection_bucket(row).refill();
      request_bucket(row).refill();
      layout_->source_key(row).store(key, kTotal);
      return row;
    }
    if (seen == key) return row;  // somebody brought it just now
  }
  return std::nullopt;
}

/// Who holds a row taken is about to write its key, perhaps the one that we bring, too. One that died there
/// holds it until it is reclaimed: not waited for.
SourceTable::Key SourceTable::settled(SourceRow row) const {
  constexpr int kLooks = 100;
  Key seen = layout_->source_key(row).load(kTotal);
  for (int looks = 0; is_taken(seen) && !is_free(seen) && looks < kLooks; ++looks) {
    ::sched_yield();
    seen = layout_->source_key(row).load(kTotal);
  }
  return seen;
}

/// Makes the row ours if nobody has a connection counted there and both buckets are full.
bool SourceTable::evict(SourceRow row, Key old, Instant now) {
  const auto unused = [&] {
    return !counted(row) && connection_bucket(row).full(now) && request_bucket(row).full(now);
  };
  if (!unused() || !layout_->source_key(row).compare_exchange(old, taken_by(self_), kTotal)) return false;
  if (unused()) return true;
  layout_->source_key(row).store(old, kTotal);  // somebody came meanwhile
  return false;
}

bool SourceTable::counted(SourceRow row) const {
  const std::uint32_t workers = layout_->worker_limit.load(std::memory_order_acquire);
  for (WorkerId worker = 0; worker < workers; ++worker)
    if (layout_->source_count(row, worker).load(kTotal) != 0) return true;
  return false;
}

// A key can stand in two rows when a row fell free before the first one while it was brought twice, or while
// somebody looked whether the first one is used: so all rows of the window with this key count, and those
// that are being looked at.
std::uint64_t SourceTable::connections(Key key, std::uint32_t apart) const {
  const Window window = window_of(key);
  std::array<bool, Layout::kListenerWindow> ours{};
  for (SourceRow at = 0; at < window.size; ++at) {
    const Key here = layout_->source_key(window.first + at).load(kTotal);
    ours[at] = here == key || is_taken(here);
  }
  const std::uint32_t workers = layout_->worker_limit.load(std::memory_order_acquire);
  std::uint64_t sum = 0;
  for (WorkerId worker = 0; worker < workers; ++worker) {
    std::uint32_t counted = 0;
    for (SourceRow at = 0; at < window.size; ++at)
      if (ours[at]) counted += layout_->source_count(window.first + at, worker).load(kTotal);
    sum += counted - std::min(counted, apart);
  }
  return sum;
}

RateBucket SourceTable::connection_bucket(SourceRow row) {
  return RateBucket(layout_->source_buckets(row).connections);
}

RateBucket SourceTable::request_bucket(SourceRow row) {
  return RateBucket(layout_->source_buckets(row).requests);
}

/// The dead worker's counts, and the rows that it was about to fill. Keys first: counts of a row that never
/// had a key are pages that were never touched.
void SourceTable::reclaim(Layout& layout, WorkerId worker) {
  for (SourceRow row = 0; row < layout.source_rows(); ++row) {
    const Key key = layout.source_key(row).load(kTotal);
    if (key == kNeverUsed) continue;
    layout.source_count(row, worker).store(0, kTotal);
    if (key == taken_by(worker)) layout.source_key(row).store(kVacant, kTotal);
  }
}

}  // namespace finishline::ledger
