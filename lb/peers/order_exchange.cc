#include "lb/peers/order_exchange.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "lb/ledger/nodes.h"
#include "lb/log/log.h"
#include "lb/sched/policies.h"

namespace finishline::peers {
namespace {

/// Sets a field on top of a version: "" when that was the last one, else what stands there.
constexpr std::string_view kSet = R"(
local now = redis.call('HGET', KEYS[1], ARGV[1])
local version = now and string.match(now, '^%d+') or '0'
if version ~= ARGV[2] then return now or '' end
redis.call('HSET', KEYS[1], ARGV[1], string.format('%d %s %s', tonumber(version) + 1, ARGV[3], ARGV[4]))
redis.call('PUBLISH', ARGV[5], ARGV[1])
return '')";

}  // namespace

OrderExchange::OrderExchange(net::Loop& loop, ledger::Ledger& ledger, PeerEngine& engine, Options options)
    : loop_(loop), ledger_(ledger), engine_(engine), options_(std::move(options)), orders_(options_.name) {}

void OrderExchange::change_to(const ConfiguredRows& rows) {
  const std::vector<Place> before = std::exchange(places_, {});
  for (const ledger::ServerId id : rows.servers)
    places_.push_back({"server " + std::string(ledger_.server_name(id)), true, id});
  for (const ledger::PoolId id : rows.pools)
    places_.push_back({"pool " + std::string(pool_name(ledger_, id)), false, id});
  std::set<std::string_view> fields;
  for (const Place& place : places_) fields.insert(place.field);
  for (const Place& place : before)
    if (!fields.contains(place.field)) orders_.forget(place.field);
  if (engine_.takes()) read();
}

std::string OrderExchange::value_of(const Place& place) const {
  if (place.is_server) return std::string(name_of(ledger_.admin(place.row)));
  return std::string(sched::name_of_choice(pool_policy(ledger_, place.row).chosen));
}

std::string OrderExchange::otherwise(const Place& place) const {
  if (place.is_server) return std::string(name_of(ledger::AdminState::ready));
  return std::string(sched::name_of_choice(pool_policy(ledger_, place.row).configured));
}

void OrderExchange::read() {
  engine_.ask({"HGETALL", key()}, [this](const RedisReply& reply) { take_all(reply); });
}

void OrderExchange::take_all(const RedisReply& reply) {
  if (reply.is_error()) return note_refusal(reply);
  std::map<std::string, SharedOrder> there;
  for (std::size_t i = 0; i + 1 < reply.list.size(); i += 2)
    if (auto order = shared_order_of(reply.list[i + 1].text))
      there.emplace(reply.list[i].text, std::move(*order));
  orders_.set_known(true);
  for (const Place& place : places_) obey(place, orders_.there(place.field, there[place.field], loop_.now()));
}

void OrderExchange::look(Instant now) {
  if (now - looked_at_ < kInterval) return;
  looked_at_ = now;
  for (const Place& place : places_)
    obey(place, orders_.here(place.field, value_of(place), otherwise(place), now));
}

void OrderExchange::obey(const Place& place, const SharedOrders::Step& step) {
  if (step.ask) ask(place, *step.ask);
  if (!step.adopt) return;
  const SharedOrder& order = *step.adopt;
  log::write(step.conflict ? log::Event::order_conflict : log::Event::order_adopted,
             {{"what", place.field}, {"value", order.value}, {"by", order.by}, {"version", order.version}});
  if (place.is_server) {
    for (const auto state : {ledger::AdminState::ready, ledger::AdminState::drain})
      if (order.value == name_of(state)) ledger::tell_admin(ledger_, place.row, state);
  } else if (const sched::PolicyRow* const row = sched::find_choice(order.value)) {
    ledger::tell_policy(ledger_, place.row, row->number);
  }
}

void OrderExchange::ask(const Place& place, const SharedOrder& order) {
  if (!engine_.takes()) return;
  engine_.ask({"EVAL", kSet, "1", key(), place.field, std::to_string(order.version), order.by, order.value,
               channel()},
              [this, field = place.field](const RedisReply& reply) { take_answer(field, reply); });
}

void OrderExchange::take_answer(const std::string& field, const RedisReply& reply) {
  if (reply.is_error()) return note_refusal(reply);  // full, or not allowed: asked again
  const auto place = std::ranges::find(places_, field, &Place::field);
  if (place == places_.end()) return;
  const auto instead = shared_order_of(reply.text);
  obey(*place, orders_.answered(field, instead, loop_.now()));
}

void OrderExchange::note_refusal(const RedisReply& reply) {
  constexpr Nanos kTellEvery = 60s;
  const Instant now = loop_.now();
  if (refusal_told_at_ && now - *refusal_told_at_ < kTellEvery) return;
  refusal_told_at_ = now;
  log::write(log::Event::orders_refused, {{"reason", reply.text}});
}

}  // namespace finishline::peers
