// How workers find room for each other's requests, one shared load or store at a time, in every order and
// with a worker dying before every step. A model of Demand, Calls and Dispatcher's serve_waiting (demand.h,
// late_binding.h): what is proved here is the algorithm; that the code follows it is for tests/sim. Steps are
// sequentially consistent, as the fences of demand.h make them.
//
// Two workers, one server that does one request at a time, a few requests at each worker. A server is done
// whenever it likes. Which of two that wait goes first is left open: any keys. Without the tick nothing that
// could be done is missed as long as nobody dies; with it nothing is, whoever dies.
#include <doctest/doctest.h>

#include <array>
#include <compare>
#include <cstdint>
#include <set>
#include <vector>

namespace {

/// The next step of a worker.
enum class At : std::uint8_t {
  rest,       // in its loop
  look,       // a request has come: does anything wait?
  place,      // it goes to the server at once, if that is free
  show,       // it waits: the bit says so
  pull,       // is there room?
  choose,     // who waits?
  book,       // one of our own
  hide,       // it was the last that waited here
  call,       // the other's: its flag
  ring,       // and its bell
  take,       // we are called
  settle,     // a reply: there is room
  ask,        // does anything wait?
  dead,       // and what it has shown and booked stands
  reclaimed,  // not any more
};

/// What a worker knows of the other.
enum class Peer : std::uint8_t {
  known,
  awaited,   // it has been called, and is not called again
  left_out,  // it did not come in time
};

struct Worker {
  At at = At::rest;
  std::uint8_t to_come = 2, waiting = 0;
  bool has_server = false;  // its request is there
  bool shown = false, called = false, rung = false;
  Peer other = Peer::known;
  bool wanted = false;  // of the flaw: something waited before there was room
  auto operator<=>(const Worker&) const = default;
};

struct World {
  bool busy = false;
  std::uint8_t served = 0;
  std::array<Worker, 2> workers;
  auto operator<=>(const World&) const = default;
};

/// A broken algorithm, to show that the model sees it.
enum class Flaw : std::uint8_t { none, no_second_look, asks_before_room, forgets_to_ring };

bool is_gone(const Worker& it) { return it.at == At::dead || it.at == At::reclaimed; }

class Explorer {
 public:
  /// `ticks`: who has something waiting looks again when nothing else happens, and calls are remembered.
  Explorer(bool deaths, bool ticks, Flaw flaw = Flaw::none) : deaths_(deaths), ticks_(ticks), flaw_(flaw) {}

  /// In every order of steps all that waits in the living is served in the end, and nothing stays booked.
  bool all_is_served() {
    visit({});
    while (!open_.empty()) {
      const World world = open_.back();
      open_.pop_back();
      if (events_of(world, 0) | events_of(world, 1)) continue;
      if (!tick(world) && !is_at_rest(world)) return false;
    }
    return true;
  }
  std::size_t states() const { return seen_.size(); }

 private:
  void visit(const World& world) {
    if (seen_.insert(world).second) open_.push_back(world);
  }

  /// Everything that can happen next to this worker; false: nothing.
  bool events_of(const World& world, std::size_t self) {
    const Worker& worker = world.workers[self];
    if (is_gone(worker)) return reclaim(world, self);
    if (deaths_ && !is_gone(world.workers[1 - self])) {
      World next = world;
      next.workers[self].at = At::dead;
      visit(next);
    }
    if (worker.at != At::rest) {
      step(world, self);
      return true;
    }
    bool any = false;
    const auto happens = [&](bool can, At then) {
      if (!can) return;
      World next = world;
      Worker& it = next.workers[self];
      it.at = then;
      if (then == At::look) --it.to_come;
      if (then == At::take) it.rung = false;
      visit(next);
      any = true;
    };
    happens(worker.to_come > 0, At::look);
    happens(worker.has_server, flaw_ == Flaw::asks_before_room ? At::ask : At::settle);
    happens(worker.rung, At::take);
    return any;
  }

  /// The master takes back what it had shown and booked.
  bool reclaim(const World& world, std::size_t self) {
    if (world.workers[self].at == At::reclaimed) return false;
    World next = world;
    if (world.workers[self].has_server) next.busy = false;
    next.workers[self] = {.at = At::reclaimed, .to_come = 0};
    visit(next);
    return true;
  }

  void step(World world, std::size_t self) {
    Worker& it = world.workers[self];
    Worker& other = world.workers[1 - self];
    const auto then = [&](At next) { it.at = next, visit(world); };
    switch (it.at) {
      case At::look:
        if (it.waiting == 0 && !other.shown) return then(At::place);
        return wait(world, self);
      case At::place:
        if (world.busy) return wait(world, self);
        world.busy = it.has_server = true;
        return then(At::rest);
      case At::show:
        it.shown = true;
        return then(flaw_ == Flaw::no_second_look ? At::rest : At::pull);
      case At::pull:
        return then(world.busy ? At::rest : At::choose);
      case At::choose:
        return choose(world, self);
      case At::settle:
        world.busy = it.has_server = false;
        ++world.served;
        return then(flaw_ != Flaw::asks_before_room ? At::ask : it.wanted ? At::pull : At::rest);
      case At::ask:
        return ask(world, self);
      default:
        return book_or_call(world, self);
    }
  }

  void wait(World world, std::size_t self) {
    Worker& it = world.workers[self];
    it.at = it.waiting++ == 0 ? At::show : At::rest;
    visit(world);
  }

  void ask(World world, std::size_t self) {
    Worker& it = world.workers[self];
    it.wanted = it.waiting > 0 || world.workers[1 - self].shown;
    it.at = it.wanted ? At::pull : At::rest;
    if (flaw_ == Flaw::asks_before_room) it.at = At::settle;
    visit(world);
  }

  /// Any of those that wait may be the first.
  void choose(World world, std::size_t self) {
    Worker& it = world.workers[self];
    const bool others = world.workers[1 - self].shown && it.other != Peer::left_out;
    it.at = At::book;
    if (it.waiting > 0) visit(world);
    it.at = it.other == Peer::awaited || (it.waiting == 0 && !others) ? At::rest : At::call;
    if (others || it.waiting == 0) visit(world);
  }

  void book_or_call(World world, std::size_t self) {
    Worker& it = world.workers[self];
    Worker& other = world.workers[1 - self];
    const auto then = [&](At next) { it.at = next, visit(world); };
    switch (it.at) {
      case At::book:
        if (world.busy) return then(At::pull);
        world.busy = it.has_server = true;
        other.other = Peer::known;  // it is seen to have come
        return then(--it.waiting == 0 ? At::hide : At::pull);
      case At::hide:
        it.shown = false;
        return then(At::pull);
      case At::call:
        if (ticks_) it.other = Peer::awaited;
        if (other.called) return then(At::rest);
        other.called = true;
        return then(flaw_ == Flaw::forgets_to_ring ? At::rest : At::ring);
      case At::ring:
        if (!is_gone(other)) other.rung = true;
        return then(At::rest);
      default:  // take
        it.called = false;
        return then(it.waiting > 0 ? At::pull : At::rest);
    }
  }

  /// Nothing happens any more by itself. False: nothing waits in the living, or nobody ticks.
  bool tick(const World& world) {
    bool any = false;
    for (std::size_t self = 0; ticks_ && self < 2; ++self) {
      if (is_gone(world.workers[self]) || world.workers[self].waiting == 0 || world.busy) continue;
      World next = world;
      next.workers[self].at = At::pull;
      next.workers[self].other = Peer::left_out;
      visit(next);
      any = true;
    }
    return any;
  }

  static bool is_at_rest(const World& world) {
    for (const Worker& it : world.workers)
      if (it.at != At::reclaimed && (it.waiting > 0 || it.shown || it.has_server)) return false;
    return !world.busy;
  }

  bool deaths_, ticks_;
  Flaw flaw_;
  std::set<World> seen_;
  std::vector<World> open_;
};

}  // namespace

TEST_CASE("model: as long as nobody dies no server idles while something waits, without any tick") {
  Explorer all(false, false);
  CHECK(all.all_is_served());
  CHECK(all.states() > 1'000);
}

TEST_CASE("model: whoever dies at whatever step, with the tick all that waits in the living is served") {
  Explorer all(true, true);
  CHECK(all.all_is_served());
  CHECK(all.states() > 10'000);
}

TEST_CASE("model: it sees who does not look again, asks too early, or does not ring") {
  for (const Flaw flaw : {Flaw::no_second_look, Flaw::asks_before_room, Flaw::forgets_to_ring}) {
    CAPTURE(static_cast<int>(flaw));
    CHECK_FALSE(Explorer(false, false, flaw).all_is_served());
  }
}
