#include "lb/worker/pending.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <ranges>
#include <set>
#include <vector>

#include "lb/sched/random.h"

using namespace finishline;
using namespace finishline::worker;

namespace {

Instant at(Nanos t) { return Instant(std::chrono::hours(1) + t); }

/// What the wheel gives out at `now`, by length tag, in ascending order.
std::vector<std::uint32_t> expired_at(PendingTable& table, Instant now) {
  std::vector<std::uint32_t> tags;
  while (const Pending* pending = table.expired(now)) tags.push_back(pending->length);
  std::ranges::sort(tags);
  return tags;
}

/// One link's requests, told apart by their length tags.
struct Desk {
  explicit Desk(std::uint32_t first = 0) : table(first) {}
  Token add(std::uint32_t tag, Instant deadline = Instant::max()) {
    Pending& pending = table.add(queue);
    pending.length = tag;
    pending.deadline = deadline;
    if (deadline != Instant::max()) table.watch_deadline(pending);
    return pending.token();
  }
  void remove(Token token) { table.remove(*table.find(token), queue); }
  /// From the oldest on; the way back must be the same.
  std::vector<std::uint32_t> in_order() {
    std::vector<std::uint32_t> tags, back;
    for (std::uint32_t at = queue.oldest; at != kNoSlot; at = table.at(at).newer)
      tags.push_back(table.at(at).length);
    for (std::uint32_t at = queue.newest; at != kNoSlot; at = table.at(at).older)
      back.push_back(table.at(at).length);
    CHECK(std::ranges::equal(tags, std::views::reverse(back)));
    return tags;
  }
  using Tags = std::vector<std::uint32_t>;

  PendingTable table;
  PendingQueue queue;
};

}  // namespace

TEST_CASE("the memory of a burst goes with it, and no token of it finds what comes later") {
  Desk desk;
  std::vector<Token> burst;
  for (std::uint32_t n = 0; n < 10'000; ++n) burst.push_back(desk.add(n));
  CHECK(desk.table.room() >= 10'000);
  for (const Token token : burst) desk.remove(token);
  CHECK(desk.table.room() == 0);
  for (std::uint32_t n = 0; n < 10'000; ++n) desk.add(n);
  for (const Token token : burst) CHECK(desk.table.find(token) == nullptr);
}

TEST_CASE("few requests take few pages, however many there were") {
  Desk desk;
  std::vector<Token> burst;
  for (std::uint32_t n = 0; n < 1'000; ++n) burst.push_back(desk.add(n));
  for (std::size_t n = 0; n < burst.size(); n += 2) desk.remove(burst[n]);
  for (std::size_t n = 1; n < burst.size(); n += 2) {  // as many come as go
    desk.add(1);
    desk.remove(burst[n]);
  }
  CHECK(desk.table.in_use() == 500);
  CHECK(desk.table.room() <= 640);
}

TEST_CASE("a pending request is found by its token until it is removed") {
  Desk desk;
  const Token token = desk.add(5);
  REQUIRE(desk.table.find(token) != nullptr);
  CHECK(desk.table.find(token)->length == 5);
  CHECK(desk.table.in_use() == 1);
  desk.remove(token);
  CHECK(desk.table.find(token) == nullptr);
  CHECK(desk.table.in_use() == 0);
  CHECK(desk.table.oldest(desk.queue) == nullptr);
}

TEST_CASE("a slot used again answers to its new token only") {
  Desk desk;
  const Token first = desk.add(1);
  desk.remove(first);
  const Token second = desk.add(2);
  CHECK(static_cast<std::uint32_t>(first) == static_cast<std::uint32_t>(second));
  CHECK(desk.table.find(first) == nullptr);
  CHECK(desk.table.find(second)->length == 2);
}

TEST_CASE("tokens that nobody was given find nothing") {
  Desk desk;
  const Token token = desk.add(1);
  CHECK(desk.table.find(0) == nullptr);
  CHECK(desk.table.find(token + 1) == nullptr);
  CHECK(desk.table.find(token + (Token{1} << 32)) == nullptr);
  CHECK(desk.table.find(~Token{0}) == nullptr);
  desk.remove(token);
  CHECK(desk.table.find(token + (Token{1} << 32)) == nullptr);  // the generation of a free slot
}

TEST_CASE("a removed request leaves nothing of itself to the next user of its slot") {
  Desk desk;
  const Token first = desk.add(1, at(1s));
  Pending& pending = *desk.table.find(first);
  pending.abandoned_as = proto::Status::deadline_exceeded;
  pending.attempts = 3;
  pending.kept_body.append(std::vector<std::byte>(10));
  desk.remove(first);
  const Pending& next = *desk.table.find(desk.add(2));
  CHECK_FALSE(next.abandoned());
  CHECK(next.attempts == 0);
  CHECK(next.kept_body.empty());
  CHECK(next.deadline == Instant::max());
  CHECK(expired_at(desk.table, at(2s)).empty());
}

TEST_CASE("a link's requests stay in order whichever is removed") {
  const auto left_without = [](std::uint32_t tag) {
    Desk desk;
    std::vector<Token> tokens;
    for (std::uint32_t i = 0; i < 4; ++i) tokens.push_back(desk.add(i));
    desk.remove(tokens[tag]);
    CHECK(desk.queue.size == 3);
    return desk.in_order();
  };
  CHECK(left_without(0) == Desk::Tags{1, 2, 3});
  CHECK(left_without(1) == Desk::Tags{0, 2, 3});
  CHECK(left_without(2) == Desk::Tags{0, 1, 3});
  CHECK(left_without(3) == Desk::Tags{0, 1, 2});
}

TEST_CASE("a request added after removals is the newest, whatever slot it gets") {
  Desk desk;
  const Token a = desk.add(0);
  desk.add(1);
  desk.remove(a);
  desk.add(2);
  CHECK(desk.in_order() == Desk::Tags{1, 2});
}

TEST_CASE("links share the slab and keep their own order") {
  PendingTable table;
  PendingQueue left, right;
  std::vector<Token> rights;
  for (std::uint32_t i = 0; i < 6; ++i) {
    Pending& pending = table.add(i % 2 == 0 ? left : right);
    pending.length = i;
    if (i % 2 == 1) rights.push_back(pending.token());
  }
  for (const Token token : rights) table.remove(*table.find(token), right);
  CHECK(right.size == 0);
  CHECK(table.oldest(right) == nullptr);
  CHECK(left.size == 3);
  CHECK(table.oldest(left)->length == 0);
}

TEST_CASE("the slab grows to the most that was in use at once and no further") {
  Desk desk;
  std::set<std::uint32_t> slots;
  for (int round = 0; round < 100; ++round) {
    std::vector<Token> tokens;
    for (std::uint32_t i = 0; i < 10; ++i) tokens.push_back(desk.add(i));
    for (const Token token : tokens) {
      slots.insert(static_cast<std::uint32_t>(token));
      desk.remove(token);
    }
  }
  CHECK(slots.size() == 10);
}

TEST_CASE("a deadline is given out once it has passed, within the grain, and once") {
  Desk desk;
  desk.add(1, at(20ms));
  CHECK(expired_at(desk.table, at(0ms)).empty());
  CHECK(expired_at(desk.table, at(19ms)).empty());
  CHECK(expired_at(desk.table, at(36ms)) == Desk::Tags{1});
  CHECK(expired_at(desk.table, at(100ms)).empty());
  CHECK(desk.table.in_use() == 1);
}

TEST_CASE("deadlines come in whatever order they were set") {
  Desk desk;
  for (const std::uint32_t ms : {50U, 10U, 30U, 20U, 40U}) desk.add(ms, at(std::chrono::milliseconds(ms)));
  CHECK(expired_at(desk.table, at(19ms)) == Desk::Tags{10});
  CHECK(expired_at(desk.table, at(39ms)) == Desk::Tags{20, 30});
  CHECK(expired_at(desk.table, at(70ms)) == Desk::Tags{40, 50});
}

TEST_CASE("a request that was removed is not given out by the wheel, its neighbours are") {
  for (std::uint32_t gone = 0; gone < 3; ++gone) {
    Desk desk;
    std::vector<Token> tokens;
    for (std::uint32_t i = 0; i < 3; ++i) tokens.push_back(desk.add(i, at(20ms)));
    desk.remove(tokens[gone]);
    Desk::Tags others{0, 1, 2};
    std::erase(others, gone);
    CHECK(expired_at(desk.table, at(1s)) == others);
  }
}

TEST_CASE("a deadline many turns of the wheel ahead waits for its own turn") {
  Desk desk;
  desk.add(60, at(60s));
  desk.add(1, at(1s));
  Desk::Tags seen;
  Instant when{};
  for (Nanos t = 0ms; t < 70s; t += 10ms) {
    for (const std::uint32_t tag : expired_at(desk.table, at(t))) {
      seen.push_back(tag);
      when = at(t);
    }
  }
  CHECK(seen == Desk::Tags{1, 60});
  CHECK(when >= at(60s));
  CHECK(when <= at(60s + 20ms));
}

TEST_CASE("a sleep of many turns of the wheel misses no deadline") {
  Desk desk;
  expired_at(desk.table, at(0ms));
  for (std::uint32_t i = 0; i < 1000; ++i) desk.add(i, at(i * 37ms));  // 37 s: more than four turns
  CHECK(expired_at(desk.table, at(600s)).size() == 1000);
}

TEST_CASE("after a sleep without requests the wheel keeps time again") {
  Desk desk;
  expired_at(desk.table, at(0ms));
  CHECK(expired_at(desk.table, at(1000s)).empty());
  desk.add(1, at(1000s + 20ms));
  CHECK(expired_at(desk.table, at(1000s + 10ms)).empty());
  CHECK(expired_at(desk.table, at(1000s + 40ms)) == Desk::Tags{1});
}

TEST_CASE("a deadline that has passed when it is set is given out at the next look") {
  Desk desk;
  desk.add(9, at(10s));  // so that the wheel turns
  expired_at(desk.table, at(5s));
  desk.add(1, at(4s));
  CHECK(expired_at(desk.table, at(5s + 10ms)) == Desk::Tags{1});
}

TEST_CASE("the wheel agrees with a plain list over many random deadlines and removals") {
  Desk desk;
  sched::Random random(7);
  struct Known {
    Token token;
    Instant deadline;
  };
  std::vector<Known> known;
  Instant now = at(0ms);
  for (int step = 0; step < 20000; ++step) {
    now += std::chrono::milliseconds(random.below(100) == 0 ? random.below(20000) : random.below(10));
    const Instant deadline = now + std::chrono::milliseconds(random.below(12000));
    known.push_back({desk.add(0, deadline), deadline});
    if (random.below(3) == 0) {
      const auto victim = known.begin() + random.below(static_cast<std::uint32_t>(known.size()));
      desk.remove(victim->token);
      known.erase(victim);
    }
    while (Pending* pending = desk.table.expired(now)) {
      REQUIRE(pending->deadline <= now);
      const Token token = pending->token();
      REQUIRE(std::erase_if(known, [&](const Known& k) { return k.token == token; }) == 1);
      desk.remove(token);
    }
    for (const Known& k : known) REQUIRE(k.deadline + 8500us > now);  // nobody is forgotten beyond the grain
  }
  CHECK(desk.table.in_use() == known.size());
}

TEST_CASE("a token is known as one that has been given out, also when its entry is gone") {
  Desk desk;
  const Token token = desk.add(0);
  CHECK(desk.table.has_made(token));
  desk.remove(token);
  CHECK(desk.table.has_made(token));
  CHECK_FALSE(desk.table.has_made(token + (Token{2} << 32)));
  CHECK_FALSE(desk.table.has_made(__builtin_bswap64(token)));
  CHECK_FALSE(desk.table.has_made(0));
}

TEST_CASE("no token comes twice when the generations of its slot have gone round, whatever pages have gone") {
  Desk desk(0U - 6);
  std::set<Token> known;
  for (int burst = 0; burst < 8; ++burst) {
    std::vector<Token> tokens;
    for (std::uint32_t n = 0; n < 5'000; ++n) tokens.push_back(desk.add(n));
    for (const Token token : tokens) {
      REQUIRE(known.insert(token).second);
      desk.remove(token);
      REQUIRE(desk.table.has_made(token));
      REQUIRE_FALSE(desk.table.has_made(token + (Token{2} << 32)));
    }
  }
  for (const Token token : known) REQUIRE(desk.table.has_made(token));
}
