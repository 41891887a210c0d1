// Real processes at one ledger: two that write as fast as they can, and one that is killed at any
// instruction.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "lb/ledger/ledger.h"
#include "lb/sched/random.h"

using namespace finishline;
using namespace finishline::ledger;

namespace {

constexpr std::uint32_t kServers = 3;
constexpr std::size_t kOpenAtMost = 6;
constexpr WorkerId kVictims = 4;

Instant now() { return std::chrono::steady_clock::now(); }

Ledger make_ledger() {
  Ledger ledger = std::get<Ledger>(Ledger::create({kVictims + 1, kServers}));
  for (ServerId s = 0; s < kServers; ++s) ledger.ensure_server("server-" + std::to_string(s), 1 + s);
  return ledger;
}

/// A process that lives as long as this object, at most.
class Child {
 public:
  explicit Child(const std::function<void()>& body) : pid_(::fork()) {
    if (pid_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    body();
    ::_exit(0);
  }
  ~Child() { kill(); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  /// True when it ended by itself, and well.
  bool join() {
    const int status = wait();
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }
  /// True when it was killed.
  bool join_killed() {
    const int status = wait();
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  }

 private:
  int wait() {
    int status = -1;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return status;
  }

  pid_t pid_;
};

/// A worker that decides on what it sees, as workers do, and settles in any order.
class Hammer {
 public:
  Hammer(Ledger& ledger, WorkerId worker) : books_(ledger, worker), random_(worker + 1) {}

  void strike() {
    if (open_.size() == kOpenAtMost || (!open_.empty() && random_.below(2) == 0)) return finish_one();
    const ServerId server = random_.below(kServers);
    std::array<std::int64_t, kServers> words{}, finish{};
    books_.read_finish(kMembers, now(), words, finish);
    const Nanos service{random_.below(2'000'000)};
    if (auto made = books_.try_reserve(server, words[server], service, now()))
      open_.push_back(*made);
    else
      open_.push_back(books_.reserve(server, service, now()));
  }
  void settle_all() {
    while (!open_.empty()) finish_one();
  }
  const std::deque<Reservation>& open() const { return open_; }

 private:
  static constexpr std::array<ServerId, kServers> kMembers{0, 1, 2};

  void finish_one() {
    const std::size_t which = random_.below(static_cast<std::uint32_t>(open_.size()));
    std::swap(open_[which], open_.front());
    const Reservation it = open_.front();
    open_.pop_front();
    switch (random_.below(8)) {
      case 0:
        return books_.release(it, now());
      case 1:
        books_.overdue(it.server, it.due, now());
        [[fallthrough]];
      default:
        return books_.settle(it, it.service, 0ns, now());
    }
  }

  WorkerBooks books_;
  sched::Random random_;
  std::deque<Reservation> open_;
};

/// What the surviving worker tells the test: plain numbers on a shared page.
struct Notes {
  std::atomic<bool> stop{false};
  std::atomic<bool> stopped{false};
  std::atomic<bool> settle{false};
  std::array<std::atomic<std::uint32_t>, kServers> in_flight{};
  std::array<std::atomic<std::int64_t>, kServers> owed{};
};

class SharedNotes {
 public:
  SharedNotes()
      : notes_(new (::mmap(nullptr, sizeof(Notes), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))
                   Notes) {}
  ~SharedNotes() { ::munmap(notes_, sizeof(Notes)); }
  SharedNotes(const SharedNotes&) = delete;
  SharedNotes& operator=(const SharedNotes&) = delete;
  Notes* operator->() const { return notes_; }

 private:
  Notes* notes_;
};

void wait_for(const std::atomic<bool>& flag) {
  while (!flag) std::this_thread::yield();
}

/// The kernel kills this process after so long, at whatever instruction it then is.
void be_killed_after(std::chrono::microseconds span) {
  sigevent how{};
  how.sigev_notify = SIGEV_SIGNAL;
  how.sigev_signo = SIGKILL;
  timer_t timer{};
  ::timer_create(CLOCK_MONOTONIC, &how, &timer);
  itimerspec when{};
  when.it_value.tv_nsec = std::chrono::nanoseconds(span).count();
  ::timer_settime(timer, 0, &when, nullptr);
}

void survive(Ledger& ledger, const SharedNotes& notes) {
  Hammer hammer(ledger, 0);
  while (!notes->stop || hammer.open().size() < 2) {
    for (int i = 0; i < 100; ++i) hammer.strike();
    std::this_thread::yield();
  }
  for (const Reservation& r : hammer.open()) {
    notes->in_flight[r.server] += 1;
    notes->owed[r.server] += r.service.count();
  }
  notes->stopped = true;
  wait_for(notes->settle);
  hammer.settle_all();
}

void check_all_idle(Ledger& ledger) {
  ledger.audit(now() + Ledger::kTrust);
  for (ServerId server = 0; server < kServers; ++server) {
    CHECK(ledger.books(server).in_flight == 0);
    CHECK(ledger.books(server).owed == 0ns);
    CHECK(ledger.finish_word(server) == kIdle);
  }
}

}  // namespace

TEST_CASE("two processes that book and settle at once leave exact books") {
  Ledger ledger = make_ledger();
  const auto work = [&](WorkerId worker) {
    return [&ledger, worker] {
      Hammer hammer(ledger, worker);
      for (int i = 0; i < 200'000; ++i) hammer.strike();
      hammer.settle_all();
    };
  };
  Child first(work(0)), second(work(1));
  CHECK(first.join());
  CHECK(second.join());
  check_all_idle(ledger);
}

TEST_CASE("workers killed at any instruction take nothing from the books of the others") {
  constexpr int kRounds = 50;
  Ledger ledger = make_ledger();
  SharedNotes notes;
  Child survivor([&] { survive(ledger, notes); });
  sched::Random random(7);
  for (int round = 0; round < kRounds; ++round) {
    std::array<std::unique_ptr<Child>, kVictims + 1> victims;
    for (WorkerId id = 1; id <= kVictims; ++id) {
      const std::chrono::microseconds life(1 + random.below(500));
      victims[id] = std::make_unique<Child>([&, id] {
        be_killed_after(life);
        for (Hammer hammer(ledger, id);;) hammer.strike();
      });
    }
    for (WorkerId id = 1; id <= kVictims; ++id) {
      CHECK(victims[id]->join_killed());
      ledger.reclaim(id, now());
    }
  }
  notes->stop = true;
  wait_for(notes->stopped);
  for (ServerId server = 0; server < kServers; ++server) {
    CHECK(ledger.books(server).in_flight == notes->in_flight[server]);
    CHECK(ledger.books(server).owed.count() == notes->owed[server]);
    if (notes->in_flight[server] > 0) CHECK(ledger.finish_word(server) != kIdle);
  }
  notes->settle = true;
  CHECK(survivor.join());
  check_all_idle(ledger);
}
