// The world: links between workers and servers, and what the servers reply.
#include "tests/sim/world.h"

#include <algorithm>
#include <utility>

namespace finishline::test {

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
    found->goes_away = false;
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
  hold_half(link, 0);
  link.dripping.reset();
  link.behind.clear();
  link.held_up = false;
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
  link.carried.push_back(
      {token, request.client_key, {request.body.begin(), request.body.end()}, link.goes_away});
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
  if (link->dripping) return link->behind.push_back(token);
  if (server.mini || !happens(server.drips)) return finish_reply(name, token);
  link->dripping = token;
  drip(name);
}

void World::drip(const LinkName& name) {
  SimLink* const link = find(name);
  if (link == nullptr || !link->dripping) return;
  if (!link->may_read && (link->held_up = true)) return;
  ++drips_;
  if (random.below(4) > 0) {
    hold_half(*link, link->half + 1 + random.below(5000));
    return queue.after(about(2ms), [this, name] { drip(name); });
  }
  hold_half(*link, 0);
  std::vector<worker::Token> whole = std::exchange(link->behind, {});
  whole.insert(whole.begin(), *std::exchange(link->dripping, std::nullopt));
  for (const worker::Token token : whole) finish_reply(name, token);
}

void World::hold_half(SimLink& link, std::size_t bytes) {
  const auto more = static_cast<std::ptrdiff_t>(bytes) - static_cast<std::ptrdiff_t>(link.half);
  link.half = bytes;
  workers_[link.worker]->dispatcher.add_half_reply(more);
}

/// Of all that have begun one may come on.
void World::hold_replies(SimWorker& worker) {
  call(worker, Doing::nothing, [&] { worker.dispatcher.hold_replies(worker.short_of_memory); });
  const auto comes_on = [&](const SimLink& link) { return link.half > 0 && link.may_read; };
  const auto begun = std::ranges::count_if(worker.links, [](const SimLink& link) { return link.half > 0; });
  expect(std::ranges::count_if(worker.links, comes_on) ==
             (worker.short_of_memory ? std::min<std::ptrdiff_t>(begun, 1) : begun),
         "replies come on that should not, or none does");
}

void World::finish_reply(const LinkName& name, worker::Token token) {
  SimLink* link = find(name);
  if (link == nullptr) return;
  SimWorker& worker = *workers_[name.worker];
  const auto at = std::ranges::find(link->carried, token, &SimLink::Carried::token);
  if (at == link->carried.end()) return;  // it was cancelled
  SimLink::Carried carried = std::move(*at);
  link->carried.erase(at);
  old_tokens_.push_back(token);
  note('r', carried.ask, token);
  check_order(worker, *link, token);
  const auto other =
      std::ranges::find_if(link->carried, [&](const auto& it) { return it.body != carried.body; });
  if (other != link->carried.end() && sabotages(Sabotage::swap_two_replies)) carried.body = other->body;
  hand_in(worker, *link, carried, reply_for(*link, carried));
}

/// Every second one does not care.
void World::on_cancelled(const SimLink& link, worker::Token token) {
  note('c', link.id, token);
  expect(std::ranges::count(link.carried, token, &SimLink::Carried::token) == 1,
         "a request was cancelled at a server that does not have it");
  if (!storm.servers[link.server].mini && random.below(2) == 0) {
    queue.after(Nanos(random.below(5'000'000)),
                [this, name = name_of(link), token] { reply_cancelled(name, token); });
  }
  step_of_a_worker();
}

void World::reply_cancelled(const LinkName& name, worker::Token token) {
  SimLink* link = find(name);
  if (link == nullptr) return;
  const auto at = std::ranges::find(link->carried, token, &SimLink::Carried::token);
  if (at == link->carried.end()) return;
  const SimLink::Carried carried = std::move(*at);
  link->carried.erase(at);
  old_tokens_.push_back(token);
  note('x', carried.ask, token);
  hand_in(*workers_[name.worker], *link, carried,
          {.status = proto::Status::cancelled, .service = Nanos(random.below(5'000'000))});
}

void World::hand_in(SimWorker& worker, const SimLink& link, const SimLink::Carried& carried,
                    const worker::ServerReply& reply) {
  replying_to_ = carried.ask;
  const bool twice = !storm.servers[link.server].mini && happens(storm.servers[link.server].doubles);
  // Who was given up may be forgotten; who is waited for may not.
  const bool known = asks_[carried.ask].answers == 0;
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
  if (carried.came_late) return {.status = Status::draining};
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

}  // namespace finishline::test
