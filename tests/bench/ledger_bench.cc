// One decision and its settlement: read the pool, choose by `makespan`, reserve; then settle.
//   read/N              the view alone: finish words of N servers
//   book/N              reserve and settle on one server of N
//   decide/N            all of it, N servers, nobody else at the ledger
//   decide_contended/N  the same while a second process decides and settles on the same servers
#include <benchmark/benchmark.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <vector>

#include "lb/ledger/ledger.h"
#include "lb/sched/policies.h"

namespace {

using namespace finishline;
using namespace finishline::ledger;

class Decider {
 public:
  Decider(Ledger& ledger, WorkerId worker) : books_(ledger, worker) {
    for (ServerId s = 0; s < ledger.server_count(); ++s) members_.push_back(s);
    words_.resize(members_.size());
    finish_.resize(members_.size());
    nanos_per_unit_.resize(members_.size(), 1e6);
  }

  void read(Instant now) { books_.read_finish(members_, now, words_, finish_); }

  Reservation decide(Instant now) {
    for (;;) {
      read(now);
      sched::PoolView view;
      view.now = now;
      view.finish = finish_;
      view.nanos_per_unit = nanos_per_unit_;
      const std::size_t best = *policy_->pick(view, {.length = 1}, random_);
      if (auto made = books_.try_reserve(members_[best], words_[best], 1ms, now)) return *made;
      ++conflicts_;
    }
  }
  void settle(const Reservation& reservation, Instant now) { books_.settle(reservation, 1ms, 0ns, now); }
  std::uint64_t conflicts() const { return conflicts_; }

 private:
  WorkerBooks books_;
  std::vector<ServerId> members_;
  std::vector<std::int64_t> words_, finish_;
  std::vector<double> nanos_per_unit_;
  std::unique_ptr<sched::Policy> policy_ = sched::find_policy("makespan")->make({});
  sched::Random random_{1};
  std::uint64_t conflicts_ = 0;
};

Ledger ledger_of(std::int64_t servers) {
  Ledger ledger = std::get<Ledger>(Ledger::create({4, static_cast<std::uint32_t>(servers)}));
  for (std::int64_t i = 0; i < servers; ++i) ledger.ensure_server("server-" + std::to_string(i), 1);
  return ledger;
}

Instant now() { return std::chrono::steady_clock::now(); }

void decide(benchmark::State& state) {
  Ledger ledger = ledger_of(state.range(0));
  Decider decider(ledger, 0);
  const Instant start = now();
  for (auto _ : state) decider.settle(decider.decide(start), start);
}
BENCHMARK(decide)->Arg(3)->Arg(16)->Arg(64)->Arg(256)->Arg(1024)->Arg(4096);

void read(benchmark::State& state) {
  Ledger ledger = ledger_of(state.range(0));
  Decider decider(ledger, 0);
  const Instant start = now();
  for (auto _ : state) {
    decider.read(start);
    benchmark::ClobberMemory();
  }
}
BENCHMARK(read)->Arg(3)->Arg(16)->Arg(64)->Arg(256)->Arg(1024)->Arg(4096);

void book(benchmark::State& state) {
  Ledger ledger = ledger_of(state.range(0));
  WorkerBooks books(ledger, 0);
  const Instant start = now();
  for (auto _ : state) books.settle(books.reserve(0, 1ms, start), 1ms, 0ns, start);
}
BENCHMARK(book)->Arg(3)->Arg(4096);

void decide_contended(benchmark::State& state) {
  Ledger ledger = ledger_of(state.range(0));
  const pid_t rival = ::fork();
  if (rival == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    Decider decider(ledger, 1);
    const Instant start = now();
    for (;;) decider.settle(decider.decide(start), start);
  }
  Decider decider(ledger, 0);
  const Instant start = now();
  for (auto _ : state) decider.settle(decider.decide(start), start);
  ::kill(rival, SIGKILL);
  ::waitpid(rival, nullptr, 0);
  state.counters["conflicts"] =
      static_cast<double>(decider.conflicts()) / static_cast<double>(state.iterations());
}
BENCHMARK(decide_contended)->Arg(3)->Arg(16)->Arg(64)->Arg(256)->Arg(1024)->Arg(4096);

}  // namespace

BENCHMARK_MAIN();
