#include "lb/control/history_api.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <future>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "lb/control/predictor.h"
#include "lb/control/series_file.h"
#include "lb/http/error_reply.h"
#include "lb/http/later_reply.h"
#include "proto/nearest.h"
#include "proto/quantity.h"

namespace finishline::control {
namespace {

using HistoryJson = nlohmann::ordered_json;
using history::PastOutcome;
using history::PastValues;
using http::error_reply;
using http::HttpReply;
using http::HttpRequest;

constexpr std::int64_t kLongestStep = 86400;

std::optional<std::int64_t> whole_in(std::string_view text, std::int64_t least, std::int64_t most) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < least || number > most)
    return std::nullopt;
  return number;
}

/// "rate" or "work.TYPE", as the history names it; nothing: it is no series that comes to a pool.
std::optional<std::string> series_named(std::string_view what, const PoolFacts& pool,
                                        const std::vector<std::string>& request_types) {
  if (what.empty() || what == "rate") return "pool." + pool.name + ".rate";
  for (const std::string& type : request_types)
    if (!pool.streams && what == "work." + type) return work_series(pool.name, type);
  return std::nullopt;
}

/// Where a value cannot be one; "": nowhere.
std::string bad_value(const std::vector<forecast::LoadSample>& samples, std::int64_t now) {
  for (const forecast::LoadSample& it : samples) {
    const std::string at = "the value at " + time_text(static_cast<std::int64_t>(it.time_s));
    if (it.time_s > static_cast<double>(now)) return at + " is still to come, and history is what was";
    if (!(it.value >= 0) || !std::isfinite(it.value)) return at + " is no load: a number from 0 is needed";
  }
  return {};
}

/// The seconds that a value holds, and between which it is written; or a reply that refuses them.
std::optional<HttpReply> read_span(const HttpRequest& request, PastValues& past) {
  for (const auto& [name, target, least, most] :
       {std::tuple{"step", &past.step, std::int64_t{1}, kLongestStep},
        {"from", &past.from, std::int64_t{0}, past.to},
        {"to", &past.to, std::int64_t{0}, past.to}}) {
    const std::string_view text = request.parameter(name);
    if (text.empty()) continue;
    const auto value = whole_in(text, least, most);
    if (!value)
      return error_reply(400,
                         std::string(name) + " is no whole number of seconds" +
                             (name == std::string_view("step") ? " from 1 to 86400" : ""),
                         std::string("/") + name);
    *target = *value;
  }
  return std::nullopt;
}

PastValues past_of(std::string series, std::vector<forecast::LoadSample> samples) {
  PastValues past{.series = std::move(series)};
  std::ranges::stable_sort(samples, {}, &forecast::LoadSample::time_s);
  for (const forecast::LoadSample& it : samples)
    past.values.push_back({static_cast<std::int64_t>(std::floor(it.time_s)), it.value});
  past.step = std::clamp<std::int64_t>(forecast::usual_step(samples), 1, kLongestStep);
  return past;
}

HistoryJson time_or_null(std::int64_t time) { return time == 0 ? HistoryJson() : HistoryJson(time); }

std::string overlap_words(const PastOutcome& outcome) {
  return "history knows otherwise for " + human(std::chrono::seconds(outcome.overlap_s)) + ", first at " +
         time_text(outcome.overlap_from) +
         ": overlap=keep leaves what is known there, overlap=replace writes over it";
}

}  // namespace

/// Waits on the thread for those who write.
class HistoryApi::Job : public net::Background::Job {
 public:
  Job(HistoryApi& owner, Asked asked, std::future<PastOutcome> written,
      std::shared_ptr<http::LaterReply> reply)
      : owner_(owner), asked_(std::move(asked)), written_(std::move(written)), reply_(std::move(reply)) {}
  void work() override { outcome_ = written_.get(); }
  void done() override {
    --owner_.waiting_;
    if (!outcome_.problem.empty()) return reply_->give(error_reply(503, outcome_.problem));
    const bool refused = asked_.overlap == history::Overlap::refuse && outcome_.overlap_s > 0;
    if (refused) return reply_->give(error_reply(409, overlap_words(outcome_), "/overlap"));
    owner_.tell(asked_, outcome_);
    const HistoryJson body = {{"pool", asked_.pool},
                              {"series", asked_.past.series},
                              {"values", asked_.values},
                              {"step_s", asked_.past.step},
                              {"from", time_or_null(outcome_.from)},
                              {"to", time_or_null(outcome_.to)},
                              {"overlap_s", outcome_.overlap_s},
                              {"dry_run", asked_.dry}};
    reply_->give({200, "application/json", body.dump() + "\n", {{"Cache-Control", "no-store"}}});
  }

 private:
  HistoryApi& owner_;
  const Asked asked_;
  std::future<PastOutcome> written_;
  const std::shared_ptr<http::LaterReply> reply_;
  PastOutcome outcome_;
};

void HistoryApi::add_routes(http::HttpRouter& router) {
  router.put("/api/v1/pools/{name}/history", [this](const HttpRequest& it) { return bring(it); });
}

HttpReply HistoryApi::bring(const HttpRequest& request) {
  const Inventory& inventory = observer_.inventory();
  const PoolFacts* const pool = inventory.pool(request.name);
  if (pool == nullptr)
    return error_reply(404, no_such("pool", request.name, inventory.pools, &PoolFacts::name));
  const std::string_view what = request.parameter("series"), overlap = request.parameter("overlap");
  const auto series = series_named(what, *pool, inventory.request_types);
  if (!series)
    return error_reply(400, "series is rate or work.TYPE, with a type of request of this proxy", "/series");
  const auto policy = history::overlap_named(overlap.empty() ? "refuse" : overlap);
  if (!policy) return error_reply(400, "overlap is refuse, keep or replace", "/overlap");
  auto parsed = parse_series(request.body);
  if (const auto* why = std::get_if<std::string>(&parsed)) return error_reply(400, *why);
  auto& samples = std::get<std::vector<forecast::LoadSample>>(parsed);
  const history::Timeline& timeline = observer_.timeline();
  if (!timeline.on_disk()) return error_reply(409, "history is " + timeline.note());
  if (timeline.latest() == 0) return error_reply(503, "nothing is looked at yet: ask again in a second");
  if (const auto why = bad_value(samples, timeline.latest()); !why.empty()) return error_reply(400, why);
  Asked asked{.pool = pool->name, .overlap = *policy, .dry = request.parameter("dry_run") == "true"};
  asked.values = samples.size();
  asked.past = past_of(*series, std::move(samples));
  if (auto refusal = read_span(request, asked.past)) return *refusal;
  return take(std::move(asked));
}

HttpReply HistoryApi::take(Asked asked) {
  if (waiting_ >= kMostWaiting)
    return error_reply(429, "so many pieces of history wait already: ask again in a second");
  ++waiting_;
  HttpReply reply;
  reply.later = std::make_shared<http::LaterReply>();
  auto written = observer_.bring(asked.past, asked.overlap, asked.dry);
  asked.past.values.clear();
  background_.run(std::make_unique<Job>(*this, std::move(asked), std::move(written), reply.later));
  return reply;
}

/// On the time line of the page.
void HistoryApi::tell(const Asked& asked, const PastOutcome& outcome) {
  if (asked.dry || outcome.from == 0) return;
  observer_.mark("change", "history of " + asked.past.series + " from " + time_text(outcome.from) + " to " +
                               time_text(outcome.to) + " is brought");
}

}  // namespace finishline::control
