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

// --- the weather -----------------------------------------------------------------------------------

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
  call(*worker, Doing::dispatching, [&] {
    worker->dispatcher.dispatch(0, request, {worker->number, worker->life, number}, queue.now());
  });
}

void World::leave(std::uint64_t number) {
  const SimAsk& left = asks_[number];
  SimWorker* worker = workers_[left.worker].get();
  if (worker != nullptr && worker->life == left.life && left.answers == 0) worker->dispatcher.client_left();
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

// --- workers live and die --------------------------------------------------------------------------

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
  if (workers_[number] && lives_[number] == life) plan_look(*workers_[number]);
  if (!finished()) queue.after(storm.late ? 2ms : 10ms, [this, number, life] { tick(number, life); });
}

void World::plan_look(SimWorker& worker) {
  const Instant at = worker.dispatcher.next_look();
  if (at == Instant::max()) return;
  queue.after(std::max(at - queue.now(), Nanos(50us)),
              [this, number = worker.number, life = worker.life] { look(number, life); });
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
  queue.after(Nanos(random.below(900'000'000)), [this, number] { reap(number); });
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

// --- links and servers -----------------------------------------------------------------------------

World::LinkName World::name_of(const SimLink& link) const {
  return {link.worker, lives_[link.worker], link.id, link.connections};
}

SimLink* World::find(const LinkName& name) {
  SimWorker* worker = workers_[name.worker].get();
  if (worker == nullptr || worker->life != name.life) return nullptr;
  SimLink& link = worker->links[name.link];
  return link.connections == name.connection ? &link : nullptr;
}

void World::connect(const SimLink& link) {
  queue.after(Nanos(random.below(60'000'000)), [this, name = name_of(link)] {
    SimLink* found = find(name);
    if (found == nullptr || found->up) return;
    found->up = true;
    ++found->connections;
    found->server_free_at = queue.now();
    note('u', found->worker, found->id);
    SimWorker& worker = *workers_[found->worker];
    call(worker, Doing::nothing, [&] { worker.dispatcher.on_link_up(found->id, queue.now()); });
  });
}

void World::lose(SimWorker& worker, SimLink& link) {
  note('l', worker.number, link.id);
  const bool was_up = std::exchange(link.up, false);
  for (const SimLink::Carried& lost : link.carried) old_tokens_.push_back(lost.token);
  link.carried.clear();
  if (was_up) ++link.connections;  // what was on its way is gone
  if (was_up) connect(link);
  call(worker, Doing::losing, [&] { worker.dispatcher.on_link_down(link.id, queue.now()); });
}

void World::on_sent(SimLink& link, worker::Token token, const worker::Request& request) {
  const SimAsk& ask = asks_[request.client_key];
  note('s', request.client_key, token);
  expect(link.up, "a request was sent over a link that is down");
  expect(std::ranges::equal(request.body, ask.body), "a request was sent with another body");
  expect(request.code == ask.request.code && request.length == ask.request.length &&
             request.flags == ask.request.flags && request.type == ask.request.type,
         "a request was sent with other tags");
  expect(ask.answers == 0, "an answered request was sent");
  link.carried.push_back({token, request.client_key, {request.body.begin(), request.body.end()}});
  queue.at(reply_time(link), [this, name = name_of(link), token] { reply(name, token); });
  step_of_a_worker();
}

Instant World::reply_time(SimLink& link) {
  const std::uint32_t mood = random.below(100);
  const Nanos most = mood < 70 ? 10ms : mood < 96 ? 200ms : 3s;
  const Nanos delay{random.below(static_cast<std::uint32_t>(most.count()))};
  if (!storm.servers[link.server].mini) return queue.now() + delay;
  return link.server_free_at = std::max(link.server_free_at, queue.now()) + delay;
}

void World::reply(const LinkName& name, worker::Token token) {
  SimLink* link = find(name);
  if (link == nullptr) return;
  const StormServer& server = storm.servers[link->server];
  if (!server.mini && happens(server.silent)) return stay_silent(name, token);
  SimWorker& worker = *workers_[name.worker];
  const auto at = std::ranges::find(link->carried, token, &SimLink::Carried::token);
  SimLink::Carried carried = std::move(*at);
  link->carried.erase(at);
  old_tokens_.push_back(token);
  note('r', carried.ask, token);
  check_order(worker, *link, token);
  const auto other =
      std::ranges::find_if(link->carried, [&](const auto& it) { return it.body != carried.body; });
  if (other != link->carried.end() && sabotages(Sabotage::swap_two_replies)) carried.body = other->body;
  hand_in(worker, *link, carried);
}

void World::hand_in(SimWorker& worker, const SimLink& link, const SimLink::Carried& carried) {
  replying_to_ = carried.ask;
  const bool twice = !storm.servers[link.server].mini && happens(storm.servers[link.server].doubles);
  // Who was given up may be forgotten; who is waited for may not.
  const bool known = asks_[carried.ask].answers == 0;
  const worker::ServerReply reply = reply_for(link, carried);
  call(worker, Doing::replying, [&] {
    const bool taken = worker.dispatcher.on_reply(link.id, carried.token, reply, queue.now());
    expect(taken || !known, "a reply that was due was refused");
    if (twice)
      expect(!worker.dispatcher.on_reply(link.id, carried.token, reply, queue.now()),
             "a reply was taken twice");
  });
}

void World::stay_silent(const LinkName& name, worker::Token token) {
  queue.after(about(20s), [this, name, token] {
    SimLink* link = find(name);
    if (link == nullptr || std::ranges::count(link->carried, token, &SimLink::Carried::token) == 0) return;
    lose(*workers_[name.worker], *link);
  });
}

void World::check_order(SimWorker& worker, const SimLink& link, worker::Token token) {
  if (!storm.servers[link.server].mini) return;
  const worker::Pending* oldest = worker.dispatcher.oldest(link.id);
  expect(oldest != nullptr && oldest->token() == token, "the order of a link was lost");
}

worker::ServerReply World::reply_for(const SimLink& link, const SimLink::Carried& carried) {
  using proto::Status;
  constexpr std::array kRefusals{Status::bad_frame, Status::unknown_type, Status::too_large,
                                 Status::no_server, Status::overloaded,   Status::draining};
  const StormServer& server = storm.servers[link.server];
  if (happens(server.refuses)) return {.status = kRefusals[random.below(kRefusals.size())]};
  if (happens(server.makes_up))
    return {.status = random.below(2) == 0 ? Status::deadline_exceeded : Status::server_lost};
  const std::uint32_t mood = random.below(30);
  if (mood == 0) return {.status = Status::server_error};
  if (server.mini) return {};
  const Nanos lie = std::chrono::microseconds(0xffffffffU);
  return {.service = Nanos(random.below(20'000'000)),
          .backlog = happens(server.lies) ? lie
                     : mood == 1          ? 5s
                                          : Nanos(random.below(30'000'000)),
          .body = carried.body};
}

// --- answers ---------------------------------------------------------------------------------------

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
      return (doing_ == Doing::dispatching && storm.max_backlog > 0ns) || some_server_refuses();
    case proto::Status::too_large:
      return ((doing_ == Doing::dispatching || may_wait) && (!ask.body.empty() || ask.request.length > 9)) ||
             some_server_refuses();
    case proto::Status::server_lost:  // or there is no server any more for one that waits to be sent again
      return doing_ == Doing::losing || its_reply || ask.request.retryable();
    case proto::Status::deadline_exceeded:
      return (doing_ == Doing::ticking && ask.deadline <= queue.now()) || its_reply;
    case proto::Status::cancelled:
      return ask.client_leaves <= queue.now();
    default:
      return false;
  }
}

bool World::some_server_refuses() const {
  return std::ranges::any_of(storm.servers, [](const StormServer& server) { return server.refuses > 0; });
}

// --- what must be true -----------------------------------------------------------------------------

bool World::finished() const {
  if (asks_.size() < storm.requests) return false;
  for (const auto& worker : workers_) {
    if (worker && (!worker->open.empty() || worker->dispatcher.in_flight() > 0)) return false;
  }
  return true;
}

/// All servers here can do all there is: what waits in a worker for longer than 5 ms while a server is idle
/// that the worker has a link to was missed.
void World::check_idleness() {
  idle_since_.resize(storm.servers.size(), Instant::max());
  for (std::size_t server = 0; server < storm.servers.size(); ++server) {
    const auto id = static_cast<ledger::ServerId>(server);
    const bool idle =
        ledger.books(id).in_flight == 0 &&
        ledger.finish_at(id, ledger.finish_word(id), queue.now()) <= queue.now().time_since_epoch().count();
    bool wanted = false;
    for (const auto& worker : workers_) {
      if (!worker || worker->dispatcher.waiting() == 0) continue;
      for (const SimLink& link : worker->links) wanted |= link.server == server && link.up;
    }
    Instant& since = idle_since_[server];
    if (!idle || !wanted || unreclaimed_ > 0)
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

// --- actors ----------------------------------------------------------------------------------------

void SimLink::send(worker::Token token, const worker::Request& request) {
  world.on_sent(*this, token, request);
}

bool SimLink::in_order() const { return world.storm.servers[server].mini; }

void SimLink::give_up(std::string_view) {
  world.queue.after(0ns, [this_world = &world, name = world.name_of(*this)] {
    if (SimLink* link = this_world->find(name)) this_world->lose(*this_world->workers_[name.worker], *link);
  });
}

std::size_t SimWorker::carried_unanswered() const {
  std::size_t sum = 0;
  for (const SimLink& link : links)
    for (const SimLink::Carried& carried : link.carried) sum += world.asks_[carried.ask].answers == 0;
  return sum;
}

bool SimWorker::awaited(const worker::ReplyAddress& to) const {
  return world.queue.now() < world.asks_[to.tag].client_leaves;
}

SimWorker::SimWorker(World& owner, std::uint32_t its_number, std::uint32_t its_life)
    : world(owner),
      number(its_number),
      life(its_life),
      books(owner.ledger, its_number),
      metrics(owner.ledger, its_number),
      dispatcher(books, metrics, *this, nullptr, this) {
  metrics.reset_gauges();
  std::vector<worker::Member> members;
  for (std::uint32_t i = 0; i < world.storm.servers.size(); ++i) {
    const StormServer& server = world.storm.servers[i];
    members.push_back({.id = i,
                       .spec = {i, "server-" + std::to_string(i), server.type, 1.0, server.slots},
                       .mini = server.mini});
  }
  dispatcher.add_pool(worker::Pool({.name = "media",
                                    .policy = world.storm.policy,
                                    .timeout = world.storm.timeout,
                                    .max_backlog = world.storm.max_backlog,
                                    .late = world.storm.late,
                                    .matching = {.order = world.storm.order},
                                    .wait_when_full = world.storm.wait_when_full,
                                    .max_waiting = 20},
                                   std::move(members), world.cost, books, metrics, world.random.next()));
  for (std::size_t member = 0; member < world.storm.servers.size(); ++member) {
    for (std::uint32_t n = 0; n < world.storm.servers[member].links; ++n) {
      SimLink& link = links.emplace_back(world, number, member);
      link.id = dispatcher.add_link(0, member, link);
    }
  }
}

bool SimWorker::answer(const worker::ReplyAddress& to, const worker::Answer& answer) {
  return world.on_answer(*this, to, answer);
}

}  // namespace finishline::test
