#include "lb/control/explain.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "lb/http/error_reply.h"
#include "lb/ledger/pool_row.h"
#include "lb/ledger/waiting_lanes.h"
#include "lb/sched/policy.h"
#include "proto/nearest.h"
#include "proto/quantity.h"

namespace finishline::control {
namespace {

using ledger::Decision;
using ledger::Why;
using Facts = nlohmann::ordered_json;

struct WhyWords {
  const char* name;
  const char* words;
};
constexpr WhyWords kWhy[] = {
    {"at_once", "nothing of its kind waited, and this server, which does it as cheaply as any, had room"},
    {"urgent", "its deadline is near, and here it is met"},
    {"critical",
     "begun here at once it would still end late in the time that all known work needs at best: of such, the "
     "longest goes first"},
    {"in_order", "its turn had come where this server is among the cheapest for it"},
    {"steal",
     "a cheaper server would not have had it done sooner, or everything else is done no later for it"},
    {"policy", "the pool's policy chose when it came"},
    {"again", "another server had it before, and lost or refused it"},
    {"moved", "it was bound to another server, had not been sent yet, and will be done sooner here"},
};
const WhyWords& words_of(Why why) {
  return kWhy[std::min(static_cast<std::size_t>(why), std::size(kWhy) - 1)];
}

std::int64_t whole_us(Nanos span) { return span / 1us; }

http::HttpReply answer_in(const Facts& facts) {
  return {200, "application/json", facts.dump(-1, ' ', false, Facts::error_handler_t::replace) + "\n"};
}
/// A whole number, or `otherwise` where there is no word.
std::optional<std::uint32_t> number_or(std::string_view text, std::uint32_t otherwise) {
  std::uint32_t number = otherwise;
  if (text.empty()) return number;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string type_name(const Names& names, RequestType type) {
  return type < names.request_types.size() ? names.request_types[type] : "?";
}

/// "video of length 5, class 3, waited 12 ms and went to video-2: ..."
std::string told(const Decision& decision, const ledger::Ledger& ledger, const Names& names) {
  std::string text = type_name(names, decision.type) + " of length " + std::to_string(decision.length);
  if (decision.priority > 0) text += ", class " + std::to_string(decision.priority) + ",";
  text += " waited " + human(decision.decided_at - decision.received_at) + " and went to " +
          std::string(ledger.server_name(decision.server)) + ": " + words_of(decision.why).words +
          ". It would have been done";
  for (std::size_t i = 0; i < decision.alternative_count; ++i)
    text += std::string(i == 0 ? "" : ",") + " by " +
            std::string(ledger.server_name(decision.alternatives[i].server)) + " in " +
            human(decision.alternatives[i].until_done);
  return text + ".";
}

Facts facts_of(const Decision& decision, const ledger::Ledger& ledger, const Names& names) {
  Facts alternatives = Facts::array();
  for (std::size_t i = 0; i < decision.alternative_count; ++i)
    alternatives.push_back({{"server", ledger.server_name(decision.alternatives[i].server)},
                            {"until_done_us", whole_us(decision.alternatives[i].until_done)}});
  return {{"at_s", static_cast<double>((decision.decided_at - ledger.created_at()).count()) / 1e9},
          {"type", type_name(names, decision.type)},
          {"length", decision.length},
          {"priority", decision.priority},
          {"waited_us", whole_us(decision.decided_at - decision.received_at)},
          {"server", ledger.server_name(decision.server)},
          {"service_us", whole_us(decision.service)},
          {"why", words_of(decision.why).name},
          {"servers", std::move(alternatives)},
          {"words", told(decision, ledger, names)}};
}

}  // namespace

Explain::Explain(net::Loop& loop, ledger::Ledger& ledger, const Names& names,
                 std::vector<Planning::PlannedPool> pools)
    : loop_(loop), ledger_(ledger), names_(names), timer_(loop, [this] { poll(); }) {
  change_to(std::move(pools));
}

void Explain::change_to(std::vector<Planning::PlannedPool> pools) {
  for (const Pool& before : pools_) want(before, false);
  pools_.clear();
  for (Planning::PlannedPool& pool : pools) {
    pools_.push_back({.pool = std::move(pool)});
    want(pools_.back(), false);
  }
}

Explain::Pool* Explain::find(std::string_view name) {
  const auto row = ledger::find_pool(ledger_, name);
  if (!row) return nullptr;
  const auto found = std::ranges::find_if(pools_, [&](const Pool& pool) { return pool.pool.row == *row; });
  return found == pools_.end() ? nullptr : &*found;
}

http::HttpReply Explain::no_pool(const std::string& name) const {
  if (const auto row = ledger::find_pool(ledger_, name); row && names_.carries_streams(*row))
    return http::error_reply(409,
                             "pool '" + name +
                                 "' carries streams, each of which goes to the server that the pool's policy "
                                 "names as it comes: there are no decisions about requests to explain; the "
                                 "access log tells where each stream went");
  return http::error_reply(404, no_such("pool of requests", name, pools_, [this](const Pool& it) {
                             return ledger::pool_name(ledger_, it.pool.row);
                           }));
}

void Explain::want(const Pool& pool, bool wanted) {
  if (wanted && !reader_) {
    reader_.emplace(ledger_);
    timer_.start(kPoll, kPoll);
  }
  ledger::want_recording(ledger_, pool.pool.row, ledger::Reader::explainer, wanted);
}

// --- what was decided --------------------------------------------------------------------------------

void Explain::poll() {
  if (!reader_) return;
  fresh_.clear();
  reader_->read(fresh_);
  std::ranges::stable_sort(fresh_, {}, &Decision::decided_at);
  for (const Decision& decision : fresh_) take(decision);
  end_leases();
}

void Explain::take(const Decision& decision) {
  for (Pool& pool : pools_) {
    if (pool.pool.row != decision.pool || !pool.asked_at) continue;
    pool.kept.push_back(decision);
    if (pool.kept.size() > kKeptDecisions) pool.kept.pop_front();
  }
  auto& sent = sent_[decision.server];
  sent.push_back(decision);
  if (sent.size() > kKeptOfServer) sent.pop_front();
}

void Explain::end_leases() {
  bool asked = false;
  for (Pool& pool : pools_) {
    if (pool.asked_at && loop_.now() - *pool.asked_at >= kLease) {
      pool.asked_at.reset();
      pool.kept = {};
      want(pool, false);
    }
    asked |= pool.asked_at.has_value();
  }
  if (asked) return;
  reader_.reset();
  sent_.clear();
  timer_.stop();
}

void Explain::follow(ledger::PoolId row) {
  const auto pool = std::ranges::find_if(pools_, [row](const Pool& it) { return it.pool.row == row; });
  if (pool == pools_.end()) return;
  pool->asked_at = loop_.now();
  want(*pool, true);
}

const std::deque<Decision>& Explain::sent_to(ledger::ServerId server) const {
  static const std::deque<Decision> kNone;
  const auto found = sent_.find(server);
  return found == sent_.end() ? kNone : found->second;
}

http::HttpReply Explain::decisions(const http::HttpRequest& request) {
  Pool* const pool = find(request.name);
  if (pool == nullptr) return no_pool(request.name);
  pool->asked_at = loop_.now();
  want(*pool, true);
  poll();
  Facts list = Facts::array();
  for (const Decision& decision : pool->kept) list.push_back(facts_of(decision, ledger_, names_));
  return answer_in({{"pool", request.name}, {"decisions", std::move(list)}});
}

std::optional<nlohmann::ordered_json> Explain::latest(std::string_view name, double unix_now) {
  Pool* const pool = find(name);
  if (pool == nullptr) return std::nullopt;
  pool->asked_at = loop_.now();
  want(*pool, true);
  poll();
  const auto seconds = [](Nanos span) { return std::chrono::duration<double>(span).count(); };
  Facts list = Facts::array();
  for (auto it = pool->kept.rbegin(); it != pool->kept.rend(); ++it) {
    Facts candidates = Facts::array();
    for (std::size_t i = 0; i < it->alternative_count; ++i)
      candidates.push_back({{"server", ledger_.server_name(it->alternatives[i].server)},
                            {"finish_s", seconds(it->alternatives[i].until_done)}});
    list.push_back({{"time", unix_now - seconds(loop_.now() - it->decided_at)},
                    {"type", type_name(names_, it->type)},
                    {"length", it->length},
                    {"priority", it->priority},
                    {"waited_s", seconds(it->decided_at - it->received_at)},
                    {"server", ledger_.server_name(it->server)},
                    {"service_s", seconds(it->service)},
                    {"why", words_of(it->why).words},
                    {"candidates", std::move(candidates)}});
  }
  return list;
}

// --- what would be decided -----------------------------------------------------------------------------

std::vector<std::int64_t> Explain::finish_times(const Pool& pool, Instant now) const {
  std::vector<std::int64_t> finish;
  for (const ledger::ServerId server : pool.pool.servers) {
    const std::int64_t word = ledger_.finish_word(server);
    finish.push_back(takes_work(ledger_.state(server)) ? ledger_.finish_at(server, word, now)
                                                       : sched::kUnavailable);
  }
  return finish;
}

/// Of each that can do it: when it is free, and what it needs.
nlohmann::ordered_json Explain::servers_facts(const Pool& pool, const sched::PoolCosts& costs,
                                              std::uint8_t lane, std::uint32_t length,
                                              const std::vector<std::int64_t>& finish, Instant now) const {
  Facts servers = Facts::array();
  for (std::size_t i = 0; i < finish.size(); ++i) {
    if (finish[i] == sched::kUnavailable || costs.cost(i, lane) == std::numeric_limits<double>::infinity())
      continue;
    const Nanos free = Nanos(finish[i]) - now.time_since_epoch();
    servers.push_back({{"server", ledger_.server_name(pool.pool.servers[i])},
                       {"free_in_us", whole_us(std::max(free, 0ns))},
                       {"service_us", whole_us(service_time(length, costs.cost(i, lane)))}});
  }
  return servers;
}

http::HttpReply Explain::prospect(const http::HttpRequest& request) {
  const Pool* const pool = find(request.name);
  if (pool == nullptr) return no_pool(request.name);
  const std::string type(request.parameter("type"));
  const auto named = std::ranges::find(names_.request_types, type);
  if (named == names_.request_types.end())
    return http::error_reply(400, no_such("request type", type, names_.request_types, std::identity()),
                             "/type");
  const auto length = number_or(request.parameter("length"), 1);
  if (!length) return http::error_reply(400, "length is not a number", "/length");

  const sched::PoolCosts costs = Planning::costs_now(ledger_, pool->pool);
  const auto lane = static_cast<std::uint8_t>(static_cast<std::size_t>(named - names_.request_types.begin()) *
                                              pool->pool.lanes_per_type);
  const Instant now = loop_.fresh_now();
  const auto finish = finish_times(*pool, now);
  const auto waiting = ledger::waiting_lanes(ledger_, pool->pool.row, costs.types);
  const auto found =
      prospects_.of(costs, {lane, *length, now.time_since_epoch().count(), now, finish, waiting});
  std::uint64_t count = 0;
  for (const sched::WaitLane& one : waiting) count += one.count;
  Facts facts{{"pool", request.name}, {"type", type}, {"length", *length}, {"waiting", count}};
  facts["servers"] = servers_facts(*pool, costs, lane, *length, finish, now);
  std::string words = "no server that can do it is up";
  if (found) {
    const auto server = std::string(ledger_.server_name(pool->pool.servers[found->server]));
    facts["server"] = server;
    facts["until_begun_us"] = whole_us(found->until_begun);
    facts["until_done_us"] = whole_us(found->until_done);
    words = type + " of length " + std::to_string(*length) + " would be done in " + human(found->until_done) +
            ", begun in " + human(found->until_begun) + ", most likely by " + server + "; " +
            std::to_string(count) + (count == 1 ? " request waits" : " requests wait") + " in the pool";
  }
  facts["words"] = words + ".";
  return answer_in(facts);
}

}  // namespace finishline::control
