// The workers and links of the world, as the dispatcher meets them.
#include "tests/sim/world.h"

#include <algorithm>
#include <utility>

namespace finishline::test {

void SimLink::send(worker::Token token, const worker::Request& request) {
  world.on_sent(*this, token, request);
}

void SimLink::cancel(worker::Token token) { world.on_cancelled(*this, token); }

bool SimLink::in_order() const { return world.storm.servers[server].mini; }

void SimLink::give_up(std::string_view) {
  world.queue.after(0ns, [this_world = &world, name = world.name_of(*this)] {
    if (SimLink* link = this_world->find(name)) this_world->lose(*this_world->workers_[name.worker], *link);
  });
}

void SimLink::allow_reading(bool yes) {
  may_read = yes;
  if (!yes || !std::exchange(held_up, false)) return;
  world.queue.after(0ns, [this_world = &world, name = world.name_of(*this)] { this_world->drip(name); });
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
  dispatcher.add_pool(worker::RequestPool({.name = "media",
                                           .policy = world.storm.policy,
                                           .timeout = world.storm.timeout,
                                           .max_backlog = world.storm.max_backlog,
                                           .late = world.storm.late,
                                           .matching = {.order = world.storm.order},
                                           .wait_when_full = world.storm.wait_when_full,
                                           .max_waiting = world.storm.max_waiting},
                                          std::move(members), world.cost, books, metrics,
                                          world.random.next()));
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
