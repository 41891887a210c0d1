#include "lb/peers/order_exchange.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "lb/ledger/nodes.h"
#include "lb/log/log.h"
#include "lb/peers/order_attic.h"
#include "lb/sched/policies.h"

namespace finishline::peers {
namespace {

/// Sets a field on top of a version, when that is the last one, or it has no line that can be read; returns
/// what stands there then. Versions go on where the floor is, or what the asker knows, whatever is higher.
constexpr std::string_view kSet = R"(
local function count(text)
  return text and #text <= 15 and string.match(text, '^%d+$') and tonumber(text) or 0
end
local now = redis.call('HGET', KEYS[1], ARGV[1])
local version, known = count(string.match(now or '', '^(%d+) [^ ]+ [^\r\n]+$')), tonumber(ARGV[2])
if version > 0 and version ~= known then return now end
if version == 0 then version = math.max(known, count(redis.call('HGET', KEYS[1], ARGV[6]))) end
now = string.format('%d %s %s', version + 1, ARGV[3], ARGV[4])
redis.call('HSET', KEYS[1], ARGV[1], now)
redis.call('PUBLISH', ARGV[5], ARGV[1])
return now)";

constexpr std::size_t kMostTold = 100;  // bytes of what cannot be read

/// What stands there is what was asked for.
bool is_kept(const SharedOrder& asked, std::string_view there) {
  const auto order = shared_order_of(there);
  return order && order->by == asked.by && order->value == asked.value;
}

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
  std::map<std::string, std::string> there;
  for (std::size_t i = 0; i + 1 < reply.list.size(); i += 2)
    there.emplace(reply.list[i].text, reply.list[i + 1].text);
  orders_.set_known(true);
  orders_.set_floor(floor_in(there));
  for (const Place& place : places_) {
    orders_.set_otherwise(place.field, otherwise(place));
    hear(place, there[place.field]);
  }
  tell_changes(there);
  if (!tidied_at_ || loop_.now() - *tidied_at_ >= OrderAttic::kInterval) tidy(there);
}

void OrderExchange::hear(const Place& place, const std::string& text) {
  const auto order = text.empty() ? SharedOrder{} : shared_order_of(text);
  if (!order) {
    leave_out(place, {.value = text.substr(0, kMostTold)}, "it cannot be read, and does not count");
    return orders_.unreadable(place.field);
  }
  if (order->version > 0 && !means_something(place, order->value)) {
    leave_out(place, *order, "it is none that this version knows");
    return orders_.pass_over(place.field, *order);
  }
  left_out_.erase(place.field);
  obey(place, orders_.there(place.field, *order, loop_.now()));
}

bool OrderExchange::means_something(const Place& place, const std::string& value) {
  if (!place.is_server) return sched::find_choice(value) != nullptr;
  return value == name_of(ledger::AdminState::ready) || value == name_of(ledger::AdminState::drain);
}

/// Told once.
void OrderExchange::leave_out(const Place& place, const SharedOrder& order, const char* reason) {
  std::string text = to_text(order);
  if (std::exchange(left_out_[place.field], text) == text) return;
  note_order(ledger_, ledger::OrderNews::left_out);
  log::write(log::Event::order_left_out, {{"what", place.field},
                                          {"value", order.value},
                                          {"by", order.by},
                                          {"version", order.version},
                                          {"reason", reason}});
}

void OrderExchange::tidy(const std::map<std::string, std::string>& there) {
  tidied_at_ = loop_.now();
  if (!engine_.takes()) return;
  std::map<std::string, std::string> all;
  for (const Place& place : places_) all.emplace(place.field, otherwise(place));
  const auto keep = std::chrono::duration_cast<std::chrono::seconds>(OrderAttic::kKeep);
  engine_.ask({"EVAL", OrderAttic::kScript, "2", key(), idle_key(), kFloorField, std::to_string(keep.count()),
               OrderAttic::needed(there, all), channel()},
              [this](const RedisReply& reply) {
                if (reply.is_error() && !std::exchange(may_not_tidy_, true))
                  log::write(log::Event::orders_refused, {{"reason", "old ones stay: " + reply.text}});
                if (reply.number > 0) log::write(log::Event::orders_tidied, {{"count", reply.number}});
              });
}

void OrderExchange::tell_changes(const std::map<std::string, std::string>& there) {
  std::map<std::string, std::string> changes;
  for (const auto& [field, order] : there)
    if ((field.starts_with(kChangeField) || field == kFloorField) &&
        (field + order).find('\0') == std::string::npos)
      changes.emplace(field, order);
  options_.tell_control(to_table(changes));
}

/// Control asks again for what is not there after a while.
void OrderExchange::carry(std::string_view table) {
  if (!engine_.takes()) return;
  if (table.empty()) return read();
  for (const auto& [field, text] : table_of(table)) {
    const auto order = shared_order_of(text, true);
    if (order && engine_.takes())
      ask(field, *order, [this, asked = *order](const RedisReply& reply) {
        if (reply.is_error()) return note_refusal(reply);
        if (!is_kept(asked, reply.text)) read();
      });
  }
}

void OrderExchange::look(Instant now) {
  if (now - looked_at_ < kInterval) return;
  looked_at_ = now;
  if (tidied_at_ && now - *tidied_at_ >= OrderAttic::kInterval && engine_.takes()) read();
  look_at_places(now);
}

bool OrderExchange::settle(Instant now) {
  look_at_places(now);
  return orders_.all_told();
}

void OrderExchange::look_at_places(Instant now) {
  for (const Place& place : places_)
    obey(place, orders_.here(place.field, value_of(place), otherwise(place), now));
}

void OrderExchange::obey(const Place& place, const SharedOrders::Step& step) {
  if (step.ask)
    ask(place.field, *step.ask,
        [this, field = place.field](const RedisReply& reply) { take_answer(field, reply); });
  if (!step.adopt) return;
  const SharedOrder& order = *step.adopt;
  note_order(ledger_, step.conflict ? ledger::OrderNews::conflict : ledger::OrderNews::adopted);
  log::write(step.conflict ? log::Event::order_conflict : log::Event::order_adopted,
             {{"what", place.field}, {"value", order.value}, {"by", order.by}, {"version", order.version}});
  if (place.is_server) {
    for (const auto state : {ledger::AdminState::ready, ledger::AdminState::drain})
      if (order.value == name_of(state)) ledger::tell_admin(ledger_, place.row, state);
  } else if (const sched::PolicyRow* const row = sched::find_choice(order.value)) {
    ledger::tell_policy(ledger_, place.row, row->number);
  }
}

void OrderExchange::ask(const std::string& field, const SharedOrder& order,
                        std::function<void(const RedisReply&)> take_answer) {
  if (!engine_.takes()) return;
  engine_.ask({"EVAL", kSet, "1", key(), field, std::to_string(order.version), order.by, order.value,
               channel(), kFloorField},
              std::move(take_answer));
}

void OrderExchange::take_answer(const std::string& field, const RedisReply& reply) {
  if (reply.is_error()) return note_refusal(reply);  // full, or not allowed: asked again
  const auto place = std::ranges::find(places_, field, &Place::field);
  if (place == places_.end()) return;
  const auto there = shared_order_of(reply.text);
  if (!there || !means_something(*place, there->value)) return read();
  obey(*place, orders_.answered(field, *there, loop_.now()));
}

void OrderExchange::note_refusal(const RedisReply& reply) {
  constexpr Nanos kTellEvery = 60s;
  note_order(ledger_, ledger::OrderNews::not_kept);
  const Instant now = loop_.now();
  if (refusal_told_at_ && now - *refusal_told_at_ < kTellEvery) return;
  refusal_told_at_ = now;
  log::write(log::Event::orders_refused, {{"reason", reply.text}});
}

}  // namespace finishline::peers
