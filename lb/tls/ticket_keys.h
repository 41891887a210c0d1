// The keys that session tickets are sealed with: shared by all workers, so that a client may come back to any
// of them, also after a reload. The master makes them and replaces the oldest now and then; who has no use
// for them lets go of them after the fork.
//
//   made at the start ──rotate()──> [newest] [older] [oldest]     new tickets: newest; all three open old
//   ones
//
// Words of atomics under a version that is odd while they are written, as in the ledger: no reader waits for
// a writer that died.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace finishline::tls {

struct TicketKey {
  std::array<std::byte, 16> name{};
  std::array<std::byte, 32> cipher{};
  std::array<std::byte, 32> mac{};
};

class TicketKeys {
 public:
  /// How long a session may be resumed, in seconds; keys last longer.
  static constexpr long kSessionSeconds = 2 * 3600;
  static constexpr std::int64_t kRotateSeconds = 3600;

  /// With a first key. Without memory for it there are no tickets.
  TicketKeys();
  ~TicketKeys() { forget(); }
  TicketKeys(const TicketKeys&) = delete;
  TicketKeys& operator=(const TicketKeys&) = delete;

  /// Master: a new key where the newest is older than kRotateSeconds, by a clock that counts seconds.
  void rotate_if_due(std::int64_t now);
  /// In a process that has no use for them: they are not in its memory any more.
  void forget();

  /// For new tickets.
  std::optional<TicketKey> newest() const;
  struct Found {
    TicketKey key;
    bool newest = false;
  };
  /// The one a ticket names.
  std::optional<Found> find(std::span<const std::byte> name) const;

 private:
  static constexpr std::size_t kKeys = 3;
  static constexpr std::size_t kWords = sizeof(TicketKey) / sizeof(std::uint64_t);
  static_assert(sizeof(TicketKey) == kWords * sizeof(std::uint64_t));
  using Words = std::array<std::atomic<std::uint64_t>, kWords>;
  struct Shared {
    std::atomic<std::uint32_t> version;
    std::atomic<std::uint32_t> count;
    std::array<Words, kKeys> keys;  // the newest first
  };

  void rotate();
  /// All there are; nothing while they change for too long.
  std::optional<std::array<TicketKey, kKeys>> read(std::uint32_t& count) const;

  Shared* shared_ = nullptr;
  std::int64_t rotated_at_ = 0;
};

}  // namespace finishline::tls
