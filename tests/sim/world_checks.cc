// The world: what every answer, every moment and the end must hold to.
#include "tests/sim/world.h"

#include <algorithm>
#include <utility>

namespace finishline::test {

// --- answers ----------------------------------------------------------------------------------------

bool World::on_answer(SimWorker& worker, const worker::ReplyAddress& to, const worker::Answer& answer) {
  if (sabotages(Sabotage::forget_an_answer)) return true;
  if (sabotages(Sabotage::answer_twice)) on_answer(worker, to, answer);
  if (sabotages(Sabotage::leak_a_booking)) worker.books.reserve(0, 5ms, queue.now());
  note('y', to.tag, static_cast<std::uint64_t>(answer.status));
  SimAsk& ask = asks_[to.tag];
  ++tally_[static_cast<std::size_t>(answer.status)];
  ++answers_;
  ++ask.answers;
  worker.open.erase(to.tag);
  check_answer(worker, to, answer, ask);
  step_of_a_worker();
  if (!worker.awaited(to)) {
    ++orphans_;
    return false;
  }
  return true;
}

void World::check_answer(const SimWorker& worker, const worker::ReplyAddress& to,
                         const worker::Answer& answer, const SimAsk& ask) {
  expect(ask.answers == 1, "a request was answered twice");
  expect(to.session == worker.number && to.generation == worker.life && ask.worker == worker.number &&
             ask.life == worker.life,
         "an answer came from a worker that was not asked");
  expect(answer.code == ask.request.code && answer.flags == ask.request.flags &&
             answer.length == ask.request.length,
         "an answer does not echo its request");
  expect(makes_sense(answer.status, to.tag, ask),
         "a status that makes no sense: " + std::string(proto::name_of(answer.status)));
  const bool mine = answer.status != proto::Status::ok || std::ranges::equal(answer.body, ask.body);
  expect(mine, "a request was answered with the reply to another");
}

bool World::makes_sense(proto::Status status, std::uint64_t number, const SimAsk& ask) const {
  const bool may_wait =
      storm.late || (storm.wait_when_full && storm.max_backlog > 0ns);  // and the last server went meanwhile
  const bool its_reply = doing_ == Doing::replying && replying_to_ == number;
  switch (status) {
    case proto::Status::ok:
    case proto::Status::server_error:
      return its_reply;
    case proto::Status::no_server:  // or all have refused it
      return doing_ == Doing::dispatching || its_reply || may_wait || some_server_refuses();
    case proto::Status::overloaded:
      return (doing_ == Doing::dispatching &&
              (storm.max_backlog > 0ns || (storm.late && storm.max_waiting))) ||
             some_server_refuses();
    case proto::Status::too_large:
      return ((doing_ == Doing::dispatching || may_wait) && (!ask.body.empty() || ask.request.length > 9)) ||
             some_server_refuses();
    case proto::Status::server_lost:  // or there is no server any more for one that waits to be sent again
      return doing_ == Doing::losing || its_reply || ask.request.retryable();
    case proto::Status::deadline_exceeded:
      return (doing_ == Doing::ticking && ask.deadline <= queue.now()) || its_reply ||
             (may_wait && cannot_be_done_in_time(ask));
    case proto::Status::cancelled:
      return ask.client_leaves <= queue.now() || ask.cancelled_at <= queue.now();
    default:
      return false;
  }
}

/// On the servers that are cheapest for it, and there may be none but those that are dearest.
bool World::cannot_be_done_in_time(const SimAsk& ask) const {
  constexpr int kDearest = 3;
  const Nanos service = cost.unit() * static_cast<Nanos::rep>(ask.request.length) * kDearest;
  return ask.deadline != Instant::max() && ask.deadline - service < queue.now();
}

bool World::some_server_refuses() const {
  if (storm.between_goaways > 0ns) return true;
  return std::ranges::any_of(storm.servers, [](const StormServer& server) { return server.refuses > 0; });
}

// --- what must be true ------------------------------------------------------------------------------

bool World::finished() const {
  if (asks_.size() < storm.requests) return false;
  for (const auto& worker : workers_) {
    if (worker && (!worker->open.empty() || worker->dispatcher.in_flight() > 0)) return false;
  }
  return true;
}

/// All servers here can do all there is: what waits in a worker for longer than 5 ms while a server is idle
/// that the worker has a link to was missed, also while others are dead. Only what a dead worker has booked
/// makes a server look busy until it is taken back, which begins to count when it is.
void World::check_idleness() {
  idle_since_.resize(storm.servers.size(), Instant::max());
  for (std::size_t server = 0; server < storm.servers.size(); ++server) {
    const auto id = static_cast<ledger::ServerId>(server);
    const bool idle =
        ledger.books(id).in_flight == 0 &&
        ledger.finish_at(id, ledger.finish_word(id), queue.now()) <= queue.now().time_since_epoch().count();
    if (ledger.state(id) != ledger::ServerState::up) {
      idle_since_[server] = Instant::max();
      continue;
    }
    bool wanted = false;
    for (const auto& worker : workers_) {
      if (!worker || worker->dispatcher.waiting() == 0) continue;
      if (worker->dispatcher.pool(0).stands_back(server, queue.now())) continue;
      for (const SimLink& link : worker->links) wanted |= link.server == server && link.up && !link.goes_away;
    }
    Instant& since = idle_since_[server];
    if (!idle || !wanted)
      since = Instant::max();
    else
      since = std::min(since, queue.now());
    expect(since == Instant::max() || queue.now() - since <= 5ms, "a server idles while work waits for it");
  }
}

void World::check_now() {
  std::vector<std::size_t> carried(storm.servers.size()), unanswered(storm.servers.size()),
      links_up(storm.servers.size());
  for (const auto& worker : workers_) {
    if (!worker) continue;
    expect(worker->dispatcher.in_flight() <= worker->carried(),
           "requests are in flight that no link carries");
    expect(worker->dispatcher.in_flight() >= worker->carried_unanswered(),
           "a request that is waited for is forgotten");
    expect(worker->open.size() >= worker->dispatcher.waiting(), "more requests wait than are open");
    expect(worker->bodies >= 0 &&
               (worker->dispatcher.in_flight() + worker->dispatcher.waiting() > 0 || worker->bodies == 0),
           "bodies are kept of no request");
    expect(reader_.of(worker->number, ledger::WorkerCell::requests_open) ==
               static_cast<std::int64_t>(worker->open.size()),
           "the gauge of open requests is wrong");
    for (const SimLink& link : worker->links) {
      carried[link.server] += link.carried.size();
      for (const SimLink::Carried& it : link.carried) unanswered[link.server] += asks_[it.ask].answers == 0;
      links_up[link.server] += link.up ? 1 : 0;
    }
  }
  if (storm.idleness_counts) check_idleness();
  if (unreclaimed_ > 0) return;
  for (ledger::ServerId server = 0; server < storm.servers.size(); ++server) {
    expect(ledger.books(server).in_flight >= unanswered[server], "the books do not hold what is in flight");
    expect(ledger.books(server).in_flight <= carried[server], "the books hold what is not in flight");
    expect(reader_.total(server, ledger::ServerCell::links_up) == static_cast<std::int64_t>(links_up[server]),
           "the gauge of links is wrong");
  }
}

void World::check_end() {
  for (std::size_t i = 0; i < asks_.size(); ++i) {
    expect(asks_[i].answers == (asks_[i].forgotten ? 0U : 1U),
           "request " + std::to_string(i) + " was not answered");
  }
  check_counters();
  ledger.audit(queue.now() + 2 * ledger::Ledger::kTrust);
  for (ledger::ServerId server = 0; server < storm.servers.size(); ++server) {
    expect(ledger.books(server).in_flight == 0, "the ledger counts requests although all is quiet");
    expect(ledger.books(server).owed == 0ns, "the ledger owes work although all is quiet");
    expect(ledger.finish_word(server) == ledger::kIdle, "a server is not idle although all is quiet");
    for (std::uint32_t worker = 0; worker < storm.workers; ++worker) {
      expect(unaccounted(worker, server) == 0, "requests sent are not served plus failed plus abandoned");
    }
  }
}

void World::check_counters() {
  std::int64_t received = 0;
  std::array<std::int64_t, proto::kStatusCount> answered{};
  for (RequestType type = 0; type < cost.request_types().size(); ++type) {
    received += reader_.received(type);
    for (std::size_t status = 0; status < proto::kStatusCount; ++status) {
      answered[status] += reader_.answered(type, static_cast<proto::Status>(status));
    }
  }
  expect(received == static_cast<std::int64_t>(asks_.size()), "not all requests were counted as received");
  for (std::size_t status = 0; status < proto::kStatusCount; ++status) {
    expect(answered[status] == static_cast<std::int64_t>(tally_[status]), "answers were counted wrongly");
  }
  using ledger::WorkerCell;
  expect(reader_.total(WorkerCell::requests_open) == 0, "requests count as open although all is quiet");
  expect(reader_.total(WorkerCell::requests_abandoned) == static_cast<std::int64_t>(forgotten_),
         "the dead left more or fewer requests than were counted");
  expect(reader_.total(WorkerCell::orphan_replies) == static_cast<std::int64_t>(orphans_),
         "orphaned replies were counted wrongly");
}

std::int64_t World::unaccounted(std::uint32_t worker, ledger::ServerId server) const {
  constexpr auto kRelaxed = std::memory_order_relaxed;
  constexpr auto kSent = static_cast<std::size_t>(ledger::ServerCell::sent);
  constexpr auto kAbandoned = static_cast<std::size_t>(ledger::ServerCell::abandoned);
  const ledger::PairRow& row = ledger.layout().pair(worker, server);
  std::int64_t left = row.counters[kSent].load(kRelaxed) - row.counters[kAbandoned].load(kRelaxed);
  const ledger::PairCounts& counts = ledger.layout().pair_counts(worker, server);
  for (const auto& served : counts.served) left -= served.load(kRelaxed);
  for (const auto& failed : counts.failed) left -= failed.load(kRelaxed);
  return left;
}

void World::expect(bool held, std::string_view otherwise) {
  if (held || !complaint_.empty()) return;
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(queue.now().time_since_epoch());
  complaint_ = std::string(otherwise) + " (at " + std::to_string(ms.count() - 3'600'000) + " ms)";
}

void World::note(char what, std::uint64_t a, std::uint64_t b) {
  for (const std::uint64_t value : {static_cast<std::uint64_t>(what), a, b,
                                    static_cast<std::uint64_t>(queue.now().time_since_epoch().count())}) {
    digest_ = (digest_ ^ value) * 0x100000001b3ULL;
  }
}

bool World::sabotages(Sabotage kind) {
  return storm.sabotage == kind && answers_ >= 50 && !std::exchange(sabotaged_, true);
}

}  // namespace finishline::test
