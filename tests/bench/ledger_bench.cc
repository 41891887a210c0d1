// One decision and its settlement: read the pool, choose, reserve; then settle.
//   decide/N            N servers, nobody else at the ledger
//   decide_contended/N  the same while a second process decides and settles on the same servers
//   settle/N            the settlement alone
// The choice is a plain scan for the earliest completion: what any policy costs at least.
#include <benchmark/benchmark.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <vector>

#include "lb/ledger/ledger.h"

namespace {

using namespace finishline;
using namespace finishline::ledger;

class Decider {
 public:
  Decider(Ledger& ledger, WorkerId worker) : books_(ledger, worker) {
    for (ServerId s = 0; s < ledger.server_count(); ++s) members_.push_back(s);
    words_.resize(members_.size());
    finish_.resize(members_.size());
  }

  Reservation decide(Instant now) {
    for (;;) {
      books_.read_finish(members_, now, words_, finish_);
      const std::size_t best = earliest();
      if (auto made = books_.try_reserve(members_[best], words_[best], 1ms, now)) return *made;
      ++conflicts_;
    }
  }
  void settle(const Reservation& reservation, Instant now) { books_.settle(reservation, 1ms, 0ns, now); }
  std::uint64_t conflicts() const { return conflicts_; }

 private:
  std::size_t earliest() const {
    std::size_t best = 0;
    for (std::size_t i = 1; i < finish_.size(); ++i)
      if (finish_[i] < finish_[best]) best = i;
    return best;
  }

  WorkerBooks books_;
  std::vector<ServerId> members_;
  std::vector<std::int64_t> words_, finish_;
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

void settle(benchmark::State& state) {
  Ledger ledger = ledger_of(state.range(0));
  WorkerBooks books(ledger, 0);
  const Instant start = now();
  for (auto _ : state) books.settle(books.reserve(0, 1ms, start), 1ms, 0ns, start);
}
BENCHMARK(settle)->Arg(3)->Arg(4096);

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
