#include "lb/control/series_list.h"

#include <algorithm>
#include <functional>
#include <string_view>

#include "proto/nearest.h"

namespace finishline::control {
namespace {

constexpr std::size_t kMostCompared = 20'000;  // names, to find the one that was meant

/// NAME of "KIND.NAME.rate", which is kept of each from the beginning.
std::vector<std::string> names_of_kind(std::string_view kind, const std::vector<std::string>& kept) {
  constexpr std::string_view kEnd = ".rate";
  std::vector<std::string> names;
  for (const std::string& it : kept)
    if (it.starts_with(kind) && it.ends_with(kEnd) && it.size() > kind.size() + kEnd.size())
      names.push_back(it.substr(kind.size(), it.size() - kind.size() - kEnd.size()));
  return names;
}

/// Those that samples.cc adds once there is something to tell.
std::vector<std::string> series_to_come(const std::vector<std::string>& kept) {
  std::vector<std::string> all = {"ratio", "idle"};
  const auto add = [&all](const std::string& subject, std::initializer_list<const char*> parts) {
    for (const char* const part : parts) all.push_back(subject + "." + part);
  };
  const auto add_percentiles = [&](const std::string& of) { add(of, {"p50", "p95", "p99"}); };
  add_percentiles("latency");
  add_percentiles("waiting");
  const auto types = names_of_kind("type.", kept);
  for (const std::string& type : types) add_percentiles("type." + type);
  for (const std::string& pool : names_of_kind("pool.", kept)) {
    add("pool." + pool, {"imbalance", "ratio", "idle"});
    add_percentiles("pool." + pool);
    for (const std::string& type : types) add_percentiles("pool." + pool + ".type." + type);
  }
  for (const std::string& server : names_of_kind("server.", kept)) {
    add("server." + server, {"busy", "cpu", "memory"});
    add_percentiles("server." + server);
  }
  return all;
}

}  // namespace

std::string kept_as(const std::string& series) {
  const std::size_t at = series.rfind(".latency.");
  return at == std::string::npos ? series : series.substr(0, at) + series.substr(at + 8);
}

std::optional<std::string> fault_of_series(const std::string& name, const std::vector<std::string>& kept) {
  const std::string sought = kept_as(name);
  if (kept.empty() || std::ranges::find(kept, sought) != kept.end()) return std::nullopt;
  std::vector<std::string> all = series_to_come(kept);
  if (std::ranges::find(all, sought) != all.end()) return std::nullopt;
  all.insert(all.begin(), kept.begin(), kept.end());
  if (all.size() > kMostCompared) all.clear();
  const std::string words = no_such("series", name, all, std::identity());
  return words + (words.ends_with('?') ? " " : "; ") + "GET /api/v1/series names those that are kept";
}

std::optional<std::string> fault_of_pool(const std::string& name, const std::vector<std::string>& kept) {
  const auto pools = names_of_kind("pool.", kept);
  if (kept.empty() || std::ranges::find(pools, name) != pools.end()) return std::nullopt;
  return no_such("pool", name, pools, std::identity());
}

}  // namespace finishline::control
