// Requests taken and not yet answered, of one worker: at a server, or waiting for one. A slab in pages: the
// lowest free slot is taken, and of the pages of which nothing is in use all but a few are freed, so that a
// burst does not stay in memory. A request's token (generation, slot) is its id on the link, so a late or
// invented reply finds nothing. Pure; no clock.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "lb/ledger/ledger.h"
#include "lb/net/buffer_pool.h"
#include "lb/worker/request.h"
#include "proto/units.h"

namespace finishline::worker {

using Token = std::uint64_t;
inline constexpr std::uint32_t kNoSlot = 0xffffffff;
/// Where a request waits for a server, if it does.
enum class Waiting : std::uint8_t {
  no,       // it is at a server
  matched,  // for the one that chooses it (late_binding.h)
  again,    // for the retry budget, or for a server that has not refused it: first come, first served
  back,     // for a server to come, or come back: there is none for it
};

inline constexpr std::uint32_t kNoLink = 0xffffffff;

/// The servers that have refused a request unbegun, and what the last of them said; and those that have lost
/// it, to which it goes again only where there is no other.
struct Refusals {
  std::vector<ledger::ServerId> servers;
  std::vector<ledger::ServerId> lost_by;
  Instant lost_since{};  // when it was sent to the last of those
  proto::Status status = proto::Status::ok;
  Nanos wait{};
};

struct Pending {
  ReplyAddress client;
  ledger::Reservation reservation;
  Instant received_at{};
  Instant sent_at{};  // to this server; of one that waits, since when it does
  Instant deadline = Instant::max();
  Instant promised = Instant::max();  // when it was expected to be done; max: nothing was foreseen
  std::uint64_t client_key = 0;
  net::Buffer kept_body;               // what the next attempt sends, headers included
  std::unique_ptr<Refusals> refusals;  // most have none
  std::uint32_t length = 0;
  std::uint32_t link = kNoLink;  // the link it was sent over, as the dispatcher numbers them
  std::uint16_t pool = 0;
  std::uint16_t kept_headers = 0;  // so many bytes in front of the body are headers
  Waiting wait = Waiting::no;
  RequestType type = 0;
  char code = 0;
  std::uint8_t flags = 0;
  std::uint8_t attempts = 0;  // times sent, this one included
  /// Answered already, with this status: the reply, when it comes, is dropped; ok: not so. Its booking lives
  /// for a bounded time after that.
  proto::Status abandoned_as = proto::Status::ok;
  bool released = false;  // the booking, too, is gone: a tombstone where order is all there is

  // The table's own: lists through the slab, by slot.
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;   // odd while in use
  std::uint32_t older = kNoSlot;  // in the same queue
  std::uint32_t newer = kNoSlot;
  std::uint32_t wheel_prev = kNoSlot;
  std::uint32_t wheel_next = kNoSlot;
  std::uint32_t wheel_bucket = kNoSlot;

  Token token() const { return (static_cast<Token>(generation) << 32) | slot; }
  bool retryable() const { return (flags & proto::kRetryable) != 0; }
  bool has_body() const { return kept_body.size() > kept_headers; }
  bool waiting() const { return wait != Waiting::no; }
  bool abandoned() const { return abandoned_as != proto::Status::ok; }
};

/// The pending requests of one link, or that wait in one way, oldest first; a value inside of that, its nodes
/// in the table.
struct PendingQueue {
  std::uint32_t oldest = kNoSlot;
  std::uint32_t newest = kNoSlot;
  std::uint32_t size = 0;
};

/// Pointers and references to an entry are good until it is removed. A token comes again after 2^31 uses of
/// its slot; which of two uses was later is asked on that circle.
class PendingTable {
 public:
  /// `first`, an even number, is the generation that every slot begins with.
  explicit PendingTable(std::uint32_t first = 0);

  /// A fresh entry at the new end of `queue`; the caller fills it.
  Pending& add(PendingQueue& queue);
  /// nullptr when no request in flight has this token.
  Pending* find(Token token);
  /// Whether this can have been the token of an entry, in use or not any more: of 2^30 uses back.
  bool has_made(Token token) const;
  Pending* oldest(const PendingQueue& queue);
  Pending& at(std::uint32_t slot) { return pages_[slot / kPage]->entries[slot % kPage]; }
  /// The one behind it in its queue; nullptr when it is the last.
  Pending* newer(const Pending& pending) { return pending.newer == kNoSlot ? nullptr : &at(pending.newer); }
  /// Takes it out of `queue` and off the wheel; its token finds nothing from now on.
  void remove(Pending& pending, PendingQueue& queue);

  /// To the new end of another queue; everything else stays.
  void move(Pending& pending, PendingQueue& from, PendingQueue& to);

  /// Calls `use(pending)` for each entry in use; it may remove that entry, and add none.
  template <class Use>
  void each(Use use) {
    for (std::size_t page = 0; page < pages_.size(); ++page)
      for (std::uint32_t n = 0; pages_[page] != nullptr && n < kPage; ++n)
        if (Pending& it = pages_[page]->entries[n]; (it.generation & 1) != 0) use(it);
  }

  /// Puts it on the wheel, to be returned by expired() once its deadline, as it is now, has passed.
  /// Grain: 8.4 ms.
  void watch_deadline(Pending& pending);
  /// One entry whose deadline is at or before `now`, taken off the wheel; nullptr when there is none.
  Pending* expired(Instant now);

  /// Keeps headers and body, or a copy of them, for as long as the entry is in use, or until they are taken.
  /// `kept`: what take_body() has given, `headers` bytes of it in front of the body.
  void keep_body(Pending& pending, net::Buffer kept, std::size_t headers);
  void keep_body(Pending& pending, std::string_view headers, std::span<const std::byte> body);
  net::Buffer take_body(Pending& pending);

  std::size_t in_use() const { return in_use_; }
  /// So many entries there is memory for: those in use, and the others of their pages.
  std::size_t room() const { return used_pages_ * kPage; }
  /// Of all bodies kept.
  std::size_t body_bytes() const { return body_bytes_; }

 private:
  static constexpr std::uint32_t kPage = 64;      // entries, one bit each
  static constexpr std::size_t kSparePages = 32;  // what comes and goes with each turn makes none anew
  static constexpr std::uint64_t kAllFree = ~std::uint64_t{0};
  struct Page {
    std::array<Pending, kPage> entries;
    std::uint64_t free = kAllFree;
  };

  inline Page& page_with_room();
  std::size_t find_room();
  void make_page(std::size_t at);
  void retire(std::size_t at);
  inline void give_back(const Pending& pending);
  inline void link(Pending& pending, PendingQueue& queue);
  inline void unlink(Pending& pending, PendingQueue& queue);

  static constexpr std::size_t kSpareBodyBytes = 16U << 20;
  static constexpr std::size_t kBuckets = 1024;  // of 8.4 ms: a turn of the wheel takes 8.6 s
  static constexpr int kBucketSpan = 23;         // ns, as a power of two

  static std::uint64_t tick_of(Instant at) {
    return static_cast<std::uint64_t>(at.time_since_epoch().count()) >> kBucketSpan;
  }
  inline void leave_wheel(Pending& pending);

  std::vector<std::unique_ptr<Page>> pages_;  // nullptr: freed
  std::vector<std::uint64_t> with_room_;      // a bit for each page: it has a free entry, or can be made
  std::size_t first_with_room_ = 0;           // pages before it have none
  std::size_t used_pages_ = 0;                // with an entry in use
  std::size_t spare_pages_ = 0;               // of which nothing is in use, kept for what comes next
  std::uint32_t retired_ = 0;                 // no entry of a page that is gone has had a later generation
  std::size_t in_use_ = 0;
  std::size_t body_bytes_ = 0;
  net::BufferPool spare_bodies_{kSpareBodyBytes};
  std::vector<std::uint32_t> wheel_;
  std::uint64_t wheel_tick_ = 0;  // buckets before this tick have been looked at
  std::size_t on_wheel_ = 0;
};

}  // namespace finishline::worker
