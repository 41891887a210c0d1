#include "tests/sim/world.h"

#include <algorithm>
#include <utility>

namespace finishline::test {

World::World(const Storm& plan)
    : storm(plan),
      random(plan.seed),
      cost(CostModel::seed(1ms)),
      ledger(std::get<ledger::Ledger>(ledger::Ledger::create({plan.workers, 16}))),
      reader_(ledger),
      workers_(plan.workers),
      lives_(plan.workers) {
  for (std::size_t i = 0; i < storm.servers.size(); ++i) {
    ledger.ensure_server("server-" + std::to_string(i), storm.servers[i].slots);
  }
}

std::string World::run() {
  for (std::uint32_t number = 0; number < storm.workers; ++number) start_worker(number);
  plan_weather();
  while (complaint_.empty() && queue.step()) check_now();
  if (complaint_.empty()) check_end();
  return complaint_;
}

// --- the weather ------------------------------------------------------------------------------------

void World::now_and_then(Nanos mean, void (World::*act)()) {
  if (mean == 0ns) return;
  queue.after(about(mean), [this, mean, act] {
    if (asks_.size() >= storm.requests) return;
    (this->*act)();
    now_and_then(mean, act);
  });
}

void World::plan_weather() {
  now_and_then(storm.between_requests, &World::ask);
  now_and_then(storm.between_link_losses, &World::lose_some_link);
  now_and_then(storm.between_server_crashes, &World::crash_some_server);
  now_and_then(storm.between_state_changes, &World::change_some_state);
  now_and_then(storm.between_goaways, &World::send_some_server_away);
  now_and_then(storm.between_memory_changes, &World::change_some_memory);
  now_and_then(storm.between_worker_deaths, &World::doom_some_worker);
  now_and_then(storm.between_inventions, &World::invent_a_reply);
  now_and_then(100ms, &World::audit);
}

void World::ask() {
  SimWorker* worker = some_worker();
  if (worker == nullptr) return;
  const std::uint64_t number = asks_.size();
  SimAsk& made = asks_.emplace_back(make_ask(*worker, number));
  worker->open.insert(number);
  note('a', number, worker->number);
  const Bytes body = made.body;  // dies after the call, as a reader's buffer does
  worker::Request request = made.request;
  request.body = body;
  if (made.client_leaves != Instant::max()) queue.at(made.client_leaves, [this, number] { leave(number); });
  if (made.cancelled_at != Instant::max()) queue.at(made.cancelled_at, [this, number] { cancel(number); });
  call(*worker, Doing::dispatching, [&] {
    worker->dispatcher.dispatch(0, request, {worker->number, worker->life, number}, queue.now());
  });
}

void World::leave(std::uint64_t number) {
  const SimAsk& left = asks_[number];
  SimWorker* worker = workers_[left.worker].get();
  if (worker != nullptr && worker->life == left.life && left.answers == 0) worker->dispatcher.client_left();
}

void World::cancel(std::uint64_t number) {
  const SimAsk& unwanted = asks_[number];
  SimWorker* worker = workers_[unwanted.worker].get();
  if (worker == nullptr || worker->life != unwanted.life) return;
  worker->dispatcher.cancel({worker->number, worker->life, number}, queue.now());
}

SimAsk World::make_ask(const SimWorker& worker, std::uint64_t number) {
  SimAsk made{.worker = worker.number, .life = worker.life};
  worker::Request& request = made.request;
  request.type = static_cast<RequestType>(random.below(3));
  request.code = cost.request_types()[request.type].code;
  request.flags = random.below(5) < 3 ? proto::kRetryable : std::uint8_t{0};
  request.length = random.below(200) == 0 ? 0xffffffffU : random.below(13);
  request.deadline_ms = random.below(3) == 0 ? 1 + random.below(300) : 0;
  request.client_key = number;
  if (random.below(3) == 0) {
    std::string text = "ask " + std::to_string(number) + " ";
    text.append(random.below(60), '.');
    made.body = bytes_of(text);
  }
  const Nanos patience =
      request.deadline_ms > 0 ? std::chrono::milliseconds(request.deadline_ms) : storm.timeout;
  if (patience > 0ns) made.deadline = queue.now() + patience;
  if (random.below(20) == 0) made.client_leaves = queue.now() + Nanos(random.below(100'000'000));
  if (random.below(10) == 0) made.cancelled_at = queue.now() + Nanos(random.below(100'000'000));
  return made;
}

void World::lose_some_link() {
  if (SimWorker* worker = some_worker()) lose(*worker, some_link(*worker));
}

void World::crash_some_server() {
  const std::size_t server = some_server();
  for (const auto& worker : workers_) {
    for (std::size_t i = 0; worker && i < worker->links.size(); ++i) {
      if (worker->links[i].server == server) lose(*worker, worker->links[i]);
    }
  }
}

void World::change_some_state() {
  using ledger::ServerState;
  constexpr std::array kStates{ServerState::up, ServerState::up, ServerState::down, ServerState::draining};
  ledger.set_state(static_cast<ledger::ServerId>(some_server()), kStates[random.below(kStates.size())]);
}

void World::send_some_server_away() {
  const std::size_t server = some_server();
  ++goaways_;
  for (const auto& worker : workers_) {
    for (std::size_t i = 0; worker && i < worker->links.size(); ++i) {
      SimLink& link = worker->links[i];
      if (link.server != server || !link.up || link.goes_away) continue;
      link.goes_away = true;
      note('g', worker->number, link.id);
      queue.after(about(50ms), [this, name = name_of(link)] {
        if (SimLink* const it = find(name)) lose(*workers_[name.worker], *it);
      });
      call(*worker, Doing::nothing, [&] { worker->dispatcher.on_server_leaving(link.id, queue.now()); });
    }
  }
}

void World::change_some_memory() {
  SimWorker* worker = some_worker();
  if (worker == nullptr) return;
  worker->short_of_memory = !worker->short_of_memory;
  hold_replies(*worker);
}

void World::doom_some_worker() {
  if (random.below(2) == 0) {
    steps_till_death_ = 1 + random.below(20);
  } else if (SimWorker* worker = some_worker()) {
    bury(*worker);
  }
}

void World::invent_a_reply() {
  SimWorker* worker = some_worker();
  if (worker == nullptr) return;
  SimLink& link = some_link(*worker);
  const worker::Token token = old_tokens_.empty() || random.below(4) == 0
                                  ? random.next()
                                  : old_tokens_[random.below(static_cast<std::uint32_t>(old_tokens_.size()))];
  for (const SimLink::Carried& carried : link.carried) {
    if (carried.token == token) return;
  }
  ++inventions_;
  call(*worker, Doing::nothing, [&] {
    expect(!worker->dispatcher.on_reply(link.id, token, {}, queue.now()), "an invented reply was believed");
  });
}

// --- workers live and die ---------------------------------------------------------------------------

void World::start_worker(std::uint32_t number) {
  workers_[number] = std::make_unique<SimWorker>(*this, number, ++lives_[number]);
  note('w', number, lives_[number]);
  for (const SimLink& link : workers_[number]->links) connect(link);
  tick(number, lives_[number]);
}

void World::step_of_a_worker() {
  if (steps_till_death_ > 0 && --steps_till_death_ == 0) throw WorkerDied{};
}

void World::tick(std::uint32_t number, std::uint32_t life) {
  SimWorker* worker = workers_[number].get();
  if (worker == nullptr || worker->life != life) return;
  call(*worker, Doing::ticking, [&] { worker->dispatcher.tick(queue.now()); });
  if (workers_[number] && lives_[number] == life) hold_replies(*workers_[number]);
  if (!finished()) queue.after(storm.late ? 2ms : 10ms, [this, number, life] { tick(number, life); });
}

/// As a worker sets its alarm at the end of each turn; an earlier one stands.
void World::plan_look(SimWorker& worker) {
  if (worker.dispatcher.next_look() == Instant::max()) return;
  const Instant at = std::max(worker.dispatcher.next_look(), queue.now() + 50us);
  if (worker.alarm <= at) return;
  worker.alarm = at;
  queue.at(at, [this, number = worker.number, life = worker.life] {
    SimWorker* const it = workers_[number].get();
    if (it == nullptr || it->life != life || it->alarm != queue.now()) return;
    it->alarm = Instant::max();
    look(number, life);
  });
}

void World::look(std::uint32_t number, std::uint32_t life) {
  SimWorker* worker = workers_[number].get();
  if (worker == nullptr || worker->life != life) return;
  call(*worker, Doing::ticking, [&] { worker->dispatcher.look_at_waiting(queue.now()); });
}

/// A call reaches the other some time later, or never.
void SimWorker::call(ledger::WorkerId colleague) {
  World& its_world = world;
  if (its_world.random.below(10) == 0) return;
  its_world.queue.after(its_world.about(50us),
                        [&its_world, colleague] { its_world.look(colleague, its_world.lives_[colleague]); });
}

void World::bury(SimWorker& dead) {
  const std::uint32_t number = dead.number;
  note('d', number, dead.life);
  ++deaths_;
  stop_its_pen(dead);
  for (const std::uint64_t open : dead.open) asks_[open].forgotten = true;
  forgotten_ += dead.open.size();
  workers_[number].reset();
  ++unreclaimed_;
  queue.after(Nanos(random.below(static_cast<std::uint32_t>(storm.until_reaped.count()))),
              [this, number] { reap(number); });
}

void World::reap(std::uint32_t number) {
  --unreclaimed_;
  ledger.reclaim(number, queue.now());
  ledger::WorkerMetrics(ledger, number).reset_gauges();
  queue.after(Nanos(random.below(100'000'000)), [this, number] { start_worker(number); });
}

void World::stop_its_pen(SimWorker& dead) {
  const auto server = static_cast<ledger::ServerId>(some_server());
  ledger::PairRow& row = ledger.layout().pair(dead.number, server);
  const std::uint32_t in_flight = row.in_flight.load(std::memory_order_relaxed);
  const std::int64_t owed = row.owed.load(std::memory_order_relaxed);
  switch (random.below(6)) {
    case 0:
      return row.owed.add(5'000'000);
    case 1:
      row.owed.add(5'000'000);
      return row.in_flight.add(1);
    case 2:
      dead.books.reserve(server, 5ms, queue.now());
      return;
    case 3:
      return row.in_flight.store(in_flight > 0 ? in_flight - 1 : 0, std::memory_order_relaxed);
    case 4:
      if (in_flight == 0) return;
      row.in_flight.store(in_flight - 1, std::memory_order_relaxed);
      return row.owed.add(-owed / in_flight);
    default:
      return;
  }
}

}  // namespace finishline::test
