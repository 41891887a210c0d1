// The ledger's protocol, one shared load or store at a time, in every order and with a worker dying before
// every step. A model of WorkerBooks::try_reserve, settle, Ledger::hold_to_books and reclaim: what is proved
// here is the algorithm; that the code follows it is for the other ledger tests. Steps are sequentially
// consistent: layout.h says why acquire and release on the finish word come to the same.
//
// Two workers book and settle twice each on one server with one slot. Time stands still, so that words come
// back to earlier values: the worst case for compare-and-swap. A worker that has died is reclaimed at some
// later time, while the other goes on.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <compare>
#include <set>
#include <vector>

namespace {

constexpr int kIdleWord = 0;
constexpr int kNow = 100;
constexpr int kRounds = 2;
constexpr std::array<int, 2> kService{5, 3};  // what each worker books
constexpr int kLongest = 5;

struct Row {
  int owed = 0;
  int in_flight = 0;
  auto operator<=>(const Row&) const = default;
};

/// The next step of a process.
enum class At {
  rest,
  read_word,
  raise_owed,
  raise_count,
  book,
  undo_count,
  undo_owed,  // try_reserve
  lower_count,
  lower_owed,
  settle_word,
  settle_first,
  settle_second,
  settle_store,  // settle
  wipe_count,
  wipe_owed,  // reclaim
  hold_word,
  hold_first,
  hold_second,
  hold_store,  // hold_to_books
  dead,
  done,
};

struct Process {
  At at = At::rest;
  int seen = 0;    // the word as read
  Row sum;         // of the rows read so far
  int open = 0;    // 1 while it has a booking
  int rounds = 0;  // bookings made
  auto operator<=>(const Process&) const = default;
};

struct World {
  int word = kIdleWord;
  std::array<Row, 2> rows;
  std::array<Process, 2> workers;
  Process reaper;
  auto operator<=>(const World&) const = default;
};

void add(Row& sum, const Row& row) { sum.owed += row.owed, sum.in_flight += row.in_flight; }
int supported(const Row& sum) { return sum.in_flight == 0 ? kIdleWord : kNow + sum.owed; }

void look(const World& world, Process& self, At busy, At idle) {
  self.seen = world.word, self.sum = {};
  self.at = self.seen == kIdleWord ? idle : busy;
}

void hold(World& world, Process& self, At after) {
  switch (self.at) {
    case At::hold_word:
      look(world, self, At::hold_first, after);
      break;
    case At::hold_first:
      add(self.sum, world.rows[0]), self.at = At::hold_second;
      break;
    case At::hold_second:
      add(self.sum, world.rows[1]), self.at = At::hold_store;
      break;
    default:
      if (self.seen > supported(self.sum) && world.word != self.seen)
        return look(world, self, At::hold_first, after);
      if (self.seen > supported(self.sum)) world.word = supported(self.sum);
      self.at = after;
  }
}

void book(World& world, Process& self, int service) {
  if (world.word == self.seen) {
    world.word = std::max(self.seen, kNow) + service;
    self.open = 1, ++self.rounds;
    self.at = At::rest;
  } else {
    self.at = At::undo_count;
  }
}

void reserve(World& world, Process& self, Row& row, int service) {
  switch (self.at) {
    case At::read_word:
      self.seen = world.word, self.at = At::raise_owed;
      break;
    case At::raise_owed:
      row.owed += service, self.at = At::raise_count;
      break;
    case At::raise_count:
      row.in_flight += 1, self.at = At::book;
      break;
    case At::book:
      book(world, self, service);
      break;
    case At::undo_count:
      row.in_flight -= 1, self.at = At::undo_owed;
      break;
    case At::undo_owed:
      row.owed -= service, self.at = At::hold_word;
      break;
    default:
      hold(world, self, At::read_word);
  }
}

void settle(World& world, Process& self, Row& row, int service) {
  switch (self.at) {
    case At::lower_count:
      row.in_flight -= 1, self.at = At::lower_owed;
      break;
    case At::lower_owed:
      row.owed -= service, self.open = 0, self.at = At::settle_word;
      break;
    case At::settle_word:
      look(world, self, At::settle_first, At::rest);
      break;
    case At::settle_first:
      add(self.sum, world.rows[0]), self.at = At::settle_second;
      break;
    case At::settle_second:
      add(self.sum, world.rows[1]), self.at = At::settle_store;
      break;
    default:
      if (world.word != self.seen) return look(world, self, At::settle_first, At::rest);
      world.word = supported(self.sum), self.at = At::rest;
  }
}

void step_worker(World& world, std::size_t which) {
  Process& self = world.workers[which];
  Row& row = world.rows[which];
  if (self.at == At::rest) {
    self.seen = 0, self.sum = {};
    self.at = self.open == 1 ? At::lower_count : self.rounds < kRounds ? At::read_word : At::done;
  } else if (self.at >= At::lower_count && self.at <= At::settle_store) {
    settle(world, self, row, kService[which]);
  } else {
    reserve(world, self, row, kService[which]);
  }
}

void step_reaper(World& world, std::size_t dead) {
  Process& self = world.reaper;
  switch (self.at) {
    case At::rest:
      self.at = At::wipe_count;
      break;
    case At::wipe_count:
      world.rows[dead].in_flight = 0, self.at = At::wipe_owed;
      break;
    case At::wipe_owed:
      world.rows[dead].owed = 0, self.at = At::hold_word;
      break;
    default:
      hold(world, self, At::done);
  }
}

bool running(const Process& p) { return p.at != At::done && p.at != At::dead; }

/// Every world that one step leads to. At most one worker dies.
std::vector<World> successors(const World& world, bool deaths) {
  std::vector<World> next;
  const bool all_alive = world.workers[0].at != At::dead && world.workers[1].at != At::dead;
  for (std::size_t which = 0; which < 2; ++which) {
    if (running(world.workers[which])) {
      step_worker(next.emplace_back(world), which);
      if (deaths && all_alive) next.emplace_back(world).workers[which].at = At::dead;
    }
    if (world.workers[which].at == At::dead && running(world.reaper))
      step_reaper(next.emplace_back(world), which);
  }
  return next;
}

struct Visit {
  std::size_t states = 0;
  std::size_t ends = 0;    // states in which nobody has a step left
  std::size_t broken = 0;  // states in which the promise does not hold
};

/// `holds(world, is_end)` is the promise.
template <class Promise>
Visit visit_all(bool deaths, Promise holds) {
  Visit visit;
  std::set<World> known{World{}};
  std::vector<World> open{World{}};
  while (!open.empty()) {
    const World world = open.back();
    open.pop_back();
    const std::vector<World> next = successors(world, deaths);
    ++visit.states;
    visit.ends += next.empty();
    visit.broken += !holds(world, next.empty());
    for (const World& to : next)
      if (known.insert(to).second) open.push_back(to);
  }
  return visit;
}

/// Nobody is in the middle of a call; a dead worker counts as soon as it is wiped.
bool between_calls(const World& world) {
  const auto rests = [&](const Process& p) {
    return p.at == At::rest || p.at == At::done || (p.at == At::dead && world.reaper.at >= At::hold_word);
  };
  return rests(world.workers[0]) && rests(world.workers[1]);
}

/// The books hold exactly what the living have open.
bool books_are_exact(const World& world) {
  for (std::size_t which = 0; which < 2; ++which) {
    const Process& worker = world.workers[which];
    const int open = worker.at == At::dead ? 0 : worker.open;
    if (world.rows[which] != Row{open * kService[which], open}) return false;
  }
  return true;
}

/// By how much the word promises more than the books.
int excess(const World& world) {
  Row sum;
  for (const Row& row : world.rows) add(sum, row);
  return std::max(0, world.word - (kNow + sum.owed));
}

}  // namespace

TEST_CASE("in every order of steps the last of two workers to settle leaves the server idle, unaudited") {
  const Visit visit = visit_all(false, [](const World& world, bool is_end) {
    return !is_end || (books_are_exact(world) && world.word == kIdleWord);
  });
  CHECK(visit.states > 10'000);
  CHECK(visit.ends > 0);
  CHECK(visit.broken == 0);
}

TEST_CASE(
    "between calls the books are exact, and the finish time is off by one booking until the next audit") {
  const Visit visit = visit_all(false, [](const World& world, bool) {
    return !between_calls(world) || (books_are_exact(world) && excess(world) <= kLongest);
  });
  CHECK(visit.broken == 0);
}

TEST_CASE(
    "a worker that dies before any step leaves exact books and no more error than a race between the "
    "living") {
  const Visit visit = visit_all(true, [](const World& world, bool) {
    if (world.reaper.at != At::done || !between_calls(world)) return true;
    return books_are_exact(world) && excess(world) <= kLongest;
  });
  CHECK(visit.states > 100'000);
  CHECK(visit.ends > 0);
  CHECK(visit.broken == 0);
}
