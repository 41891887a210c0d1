#include "lb/control/scale_page.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <ranges>

#include "lb/control/scale_words.h"

namespace finishline::control {
namespace {

using OrderedJson = nlohmann::ordered_json;

OrderedJson describe_scaled(const ScaledTypeStatus& it) {
  return {{"type", it.type},       {"min", it.least},         {"max", it.most},
          {"wanted", it.wanted},   {"running", it.running},   {"starting", it.starting},
          {"leaving", it.leaving}, {"given_up", it.given_up}, {"starts", it.starts},
          {"deaths", it.deaths}};
}

OrderedJson finite_or_null(double value) { return std::isfinite(value) ? OrderedJson(value) : OrderedJson(); }

OrderedJson describe_change(const ScaleChange& it) {
  return {{"time", it.at},
          {"move", it.up ? "up" : "down"},
          {"servers", it.servers},
          {"strain", finite_or_null(it.strain)},
          {"rehearsed", it.rehearsed}};
}

OrderedJson describe_scale(const ScaleStatus& it) {
  OrderedJson types = OrderedJson::array(), changes = OrderedJson::array();
  for (const ScaledTypeStatus& type : it.types) types.push_back(describe_scaled(type));
  for (const ScaleChange& change : it.changes | std::views::reverse)
    changes.push_back(describe_change(change));
  return {{"pool", it.pool},
          {"by", it.by},
          {"rehearse", it.rehearse},
          {"strain", finite_or_null(it.strain)},
          {"up_over", it.up_over},
          {"why", why_so_many(it)},
          {"last", it.last.empty() ? OrderedJson() : OrderedJson(it.last)},
          {"types", std::move(types)},
          {"changes", std::move(changes)}};
}

/// One sample for each type of each pool.
template <class Number>
void add_each(MetricsText& page, const Snapshot& all, std::string_view label, std::string_view word,
              Number ScaledTypeStatus::*value) {
  for (const ScaleStatus& pool : all.scale)
    for (const ScaledTypeStatus& type : pool.types)
      page.sample({{"pool", pool.pool}, {"type", type.type}, {label, word}}, type.*value);
}

}  // namespace

OrderedJson scale_page(const Snapshot& snapshot) {
  OrderedJson all = OrderedJson::array();
  for (const ScaleStatus& it : snapshot.scale) all.push_back(describe_scale(it));
  return all;
}

OrderedJson scale_of(const Snapshot& snapshot, const std::string& pool) {
  for (const ScaleStatus& it : snapshot.scale)
    if (it.pool == pool) return describe_scale(it);
  return nullptr;
}

void add_scale_metrics(MetricsText& page, const Snapshot& all) {
  page.family("finishline_scaled_servers", "gauge",
              "servers that are started and ended as the work needs them, by what becomes of them");
  add_each(page, all, "state", "wanted", &ScaledTypeStatus::wanted);
  add_each(page, all, "state", "running", &ScaledTypeStatus::running);
  add_each(page, all, "state", "starting", &ScaledTypeStatus::starting);
  add_each(page, all, "state", "leaving", &ScaledTypeStatus::leaving);
  add_each(page, all, "state", "given_up", &ScaledTypeStatus::given_up);
  page.family("finishline_scale_events_total", "counter",
              "processes of such servers: started, died unasked, ended as told, given up");
  add_each(page, all, "kind", "start", &ScaledTypeStatus::starts);
  add_each(page, all, "kind", "death", &ScaledTypeStatus::deaths);
  add_each(page, all, "kind", "end", &ScaledTypeStatus::ends);
  add_each(page, all, "kind", "give_up", &ScaledTypeStatus::give_ups);
  page.family("finishline_scale_strain_ratio", "gauge",
              "what the rule of scaling weighs, as a share: above up_over servers are added");
  for (const ScaleStatus& pool : all.scale)
    page.sample({{"pool", pool.pool}, {"by", pool.by}}, std::isfinite(pool.strain) ? pool.strain : 1e9);
}

bool is_unused_place(const ServerSnapshot& server) {
  return server.scaled.reserved && server.scaled.starts == 0 &&
         server.scaled.wish == ledger::ScaledWish::none;
}

}  // namespace finishline::control
