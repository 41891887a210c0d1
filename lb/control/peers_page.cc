#include "lb/control/peers_page.h"

#include <cstdio>
#include <nlohmann/json.hpp>

namespace finishline::control {
namespace {

using PeersJson = nlohmann::ordered_json;

double peer_ms(Nanos span) { return static_cast<double>(span.count() / 1000) / 1000; }

/// As text: a number of 64 bits is none that all who read JSON can hold.
std::string epoch_text(std::uint64_t epoch) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(epoch));
  return text;
}

PeersJson node_json(const ledger::NodeStatus& node, Instant now) {
  return {
      {"name", node.name},
      {"state", node.left ? "left" : name_of(node.state)},
      {"epoch", epoch_text(node.epoch)},
      {"age_ms", peer_ms(now - node.heard_at)},
      {"here_for_ms",
       node.state == ledger::NodeState::here ? PeersJson(peer_ms(now - node.first_heard_at)) : PeersJson()},
      {"in_flight", node.books.in_flight},
      {"owed_ms", peer_ms(node.books.owed)},
      {"waiting", node.waiting},
      {"messages", node.messages},
      {"bytes", node.bytes},
      {"gaps", node.gaps},
      {"silences", node.silences}};
}

PeersJson orders_json(const ledger::EngineStatus& engine) {
  PeersJson counts = PeersJson::object();
  for (std::size_t news = 0; news < ledger::kOrderNews; ++news)
    counts[std::string(name_of(static_cast<ledger::OrderNews>(news)))] = engine.orders[news];
  return counts;
}

PeersJson seat_json(const SeatSnapshot& seat, Instant now) {
  return {{"pool", seat.pool},
          {"holder", seat.holder.empty() ? PeersJson() : PeersJson(seat.holder)},
          {"own", seat.own},
          {"for_ms", seat.since == Instant{} ? PeersJson() : PeersJson(peer_ms(now - seat.since))},
          {"moves", seat.moves}};
}

void add_seats(MetricsText& page, const Snapshot& all) {
  const std::vector<SeatSnapshot>& seats = all.seats;
  if (seats.empty()) return;
  page.family("finishline_pool_seat_held", "gauge", "1: this proxy decides in the pool for all");
  for (const SeatSnapshot& seat : seats) page.sample({{"pool", seat.pool}}, seat.own ? 1 : 0);
  page.family("finishline_pool_seat_taken", "gauge", "1: one of the proxies decides in the pool for all");
  for (const SeatSnapshot& seat : seats) page.sample({{"pool", seat.pool}}, seat.holder.empty() ? 0 : 1);
  page.family("finishline_pool_seat_moves_total", "counter",
              "times that a proxy has begun to decide in the pool for all, as this one has heard");
  for (const SeatSnapshot& seat : seats) page.sample({{"pool", seat.pool}}, seat.moves);
  page.family("finishline_peers_calls_total", "counter",
              "times that this proxy, in a seat, has called another one to send a server something");
  page.sample({}, all.seat_calls.made);
  page.family("finishline_peers_calls_came_total", "counter", "of these, those after which it was sent");
  page.sample({}, all.seat_calls.came);
  page.family("finishline_peers_call_seconds", "gauge",
              "from such a call until it is heard that it was sent");
  page.sample({}, metric_seconds(all.seat_calls.trip));
}

}  // namespace

PeersJson peers_json(const Snapshot& all) {
  const ledger::EngineStatus& engine = all.engine;
  PeersJson nodes = PeersJson::array();
  for (const ledger::NodeStatus& node : all.nodes) nodes.push_back(node_json(node, all.taken_at));
  PeersJson seats = PeersJson::array();
  for (const SeatSnapshot& seat : all.seats) seats.push_back(seat_json(seat, all.taken_at));
  return {
      {"engine",
       {{"state", name_of(engine.state)},
        {"reason", engine.reason},
        {"for_ms", engine.since == Instant{} ? PeersJson() : PeersJson(peer_ms(all.taken_at - engine.since))},
        {"lag_ms", peer_ms(engine.lag)},
        {"sent", engine.sent},
        {"bytes_sent", engine.bytes_sent},
        {"received", engine.received},
        {"bytes_received", engine.bytes_received},
        {"losses", engine.losses}}},
      {"orders", orders_json(engine)},
      {"sharing", name_of(engine.sharing)},
      {"sharers", engine.sharers},
      {"disagreements", engine.disagreements},
      {"nodes", std::move(nodes)},
      {"seats", std::move(seats)}};
}

void add_peers(MetricsText& page, const Snapshot& all) {
  const ledger::EngineStatus& engine = all.engine;
  if (engine.state == ledger::EngineState::off) return;
  page.family("finishline_peers_connected", "gauge", "1: other proxies can be heard");
  page.sample({}, engine.state == ledger::EngineState::connected ? 1 : 0);
  page.family("finishline_peers_losses_total", "counter", "times that the connection to redis was lost");
  page.sample({}, engine.losses);
  page.family("finishline_peers_lag_seconds", "gauge", "from this proxy through redis and back");
  page.sample({}, metric_seconds(engine.lag));
  page.family("finishline_peers_messages_total", "counter", "reports of this proxy, and all that were heard");
  page.sample({{"direction", "sent"}}, engine.sent);
  page.sample({{"direction", "received"}}, engine.received);
  page.family("finishline_peers_bytes_total", "counter", "of these");
  page.sample({{"direction", "sent"}}, engine.bytes_sent);
  page.sample({{"direction", "received"}}, engine.bytes_received);
  page.family("finishline_peers_orders_total", "counter",
              "orders of operators between proxies, by what has become of them");
  for (std::size_t news = 0; news < ledger::kOrderNews; ++news)
    page.sample({{"outcome", std::string(name_of(static_cast<ledger::OrderNews>(news)))}},
                engine.orders[news]);
  page.family("finishline_peers_disagreements_total", "counter",
              "replies in which a server had other work left than proxies had said");
  page.sample({}, engine.disagreements);
  page.family("finishline_peer_here", "gauge", "1: the other proxy's books count");
  for (const ledger::NodeStatus& node : all.nodes)
    page.sample({{"peer", node.name}}, node.state == ledger::NodeState::here ? 1 : 0);
  page.family("finishline_peer_age_seconds", "gauge", "since the other proxy was heard of");
  for (const ledger::NodeStatus& node : all.nodes)
    page.sample({{"peer", node.name}}, metric_seconds(all.taken_at - node.heard_at));
  page.family("finishline_peer_gaps_total", "counter", "times that reports of the other proxy were missed");
  for (const ledger::NodeStatus& node : all.nodes) page.sample({{"peer", node.name}}, node.gaps);
  page.family("finishline_peer_silences_total", "counter", "times that the other proxy fell silent");
  for (const ledger::NodeStatus& node : all.nodes) page.sample({{"peer", node.name}}, node.silences);
  add_seats(page, all);
}

}  // namespace finishline::control
