#include "lb/config/config.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <memory>
#include <system_error>
#include <thread>

#include "lb/config/addresses.h"
#include "lb/config/alert_rules.h"
#include "lb/config/client_weights.h"
#include "lb/config/costs.h"
#include "lb/config/document.h"
#include "lb/config/draft.h"
#include "lb/config/environment.h"
#include "lb/config/folder.h"
#include "lb/config/include.h"
#include "lb/config/judged.h"
#include "lb/config/metrics_url.h"
#include "lb/config/overlay.h"
#include "lb/config/parts.h"
#include "lb/config/peer_rules.h"
#include "lb/config/rules.h"
#include "lb/config/scaled_servers.h"
#include "lb/config/sections.h"
#include "lb/config/unix_rules.h"
#include "lb/config/users.h"

namespace finishline::config {
namespace {

Problem unreadable(int error) {
  return {0, 0, "", "cannot be read: " + std::generic_category().message(error),
          "name a configuration file with -c FILE; finishline init writes one"};
}

Problem endless() {
  return {0, 0, "",
          "is longer than " + std::to_string(kLongestText >> 20) + " MiB, which no configuration is",
          "name a configuration file with -c FILE; finishline init writes one"};
}

bool has_key(const Table& document, std::string_view section, std::string_view key) {
  const Node* const part = find_node(document, section);
  const auto* const keys = part == nullptr ? nullptr : std::get_if<Table>(&part->value);
  return keys != nullptr && find_node(*keys, key) != nullptr;
}

/// Keys can hold any character when quoted; one that would break the line is not repeated.
std::string printable(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; }, '?');
  return text;
}

}  // namespace

std::string_view name_of(Learn learn) {
  switch (learn) {
    case Learn::off:
      return "off";
    case Learn::watch:
      return "watch";
    case Learn::on:
      return "on";
  }
  return "";
}

std::string_view name_of(Mode mode) {
  switch (mode) {
    case Mode::frame:
      return "frame";
    case Mode::mini:
      return "mini";
    case Mode::http:
      return "http";
    case Mode::stream:
      return "stream";
  }
  return "";
}

std::optional<std::pair<int, int>> statuses_in(std::string_view text) {
  const std::size_t dots = std::min(text.find(".."), text.size());
  const auto status = [](std::string_view digits) {
    int number = 0;
    const auto end = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    const bool good = end.ec == std::errc{} && end.ptr == digits.data() + digits.size();
    return good && digits.size() == 3 && number >= 100 && number <= 599 ? number : 0;
  };
  const int first = status(text.substr(0, dots));
  const int last = dots == text.size() ? first : status(text.substr(dots + 2));
  if (first == 0 || last < first) return std::nullopt;
  return std::pair(first, last);
}

std::string Server::tls_server_name() const {
  if (!tls_name.empty()) return tls_name;
  std::string host = bind.substr(0, bind.rfind(':'));
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return host;
}

std::uint32_t Config::worker_count() const {
  const std::uint32_t wanted = proxy.workers == 0 ? std::thread::hardware_concurrency() : proxy.workers;
  return std::clamp(wanted, 1U, std::max(1U, proxy.max_workers / 2));
}

std::size_t Config::pool_index(std::string_view name) const {
  const auto found =
      std::find_if(pools.begin(), pools.end(), [&](const Pool& pool) { return pool.name == name; });
  return static_cast<std::size_t>(found - pools.begin());
}

sched::Distance Config::distance(const Server& server) const {
  if (server.zone.empty() || proxy.zone.empty() || server.zone == proxy.zone) return {};
  return pools[pool_index(server.pool)].zone_cost;
}

bool Config::serves_streams(const Server& server) const {
  const std::size_t index = pool_index(server.pool);
  return index < pools.size() && pools[index].streams;
}

bool Config::has_streams() const {
  return std::any_of(pools.begin(), pools.end(), [](const Pool& pool) { return pool.streams; });
}

bool Config::may_splice() const {
  return std::any_of(pools.begin(), pools.end(),
                     [](const Pool& pool) { return pool.streams && pool.bulk != Bulk::copy; });
}

std::string to_string(const Problem& problem, std::string_view file) {
  std::string text(problem.file.empty() ? file : problem.file);
  if (problem.line > 0) text += ':' + std::to_string(problem.line) + ':' + std::to_string(problem.column);
  if (!problem.key.empty()) text += ": " + problem.key;
  text += ": " + problem.message;
  if (!problem.remedy.empty()) text += "; " + problem.remedy;
  return printable(text);
}

std::variant<std::string, Problem> read_text(const std::string& file) {
  const std::unique_ptr<std::FILE, decltype(&std::fclose)> in(std::fopen(file.c_str(), "re"), &std::fclose);
  if (in == nullptr) return unreadable(errno);
  std::string text;
  char block[4096];
  while (const std::size_t n = std::fread(block, 1, sizeof block, in.get())) {
    text.append(block, n);
    if (text.size() > kLongestText) return endless();
  }
  if (std::ferror(in.get()) != 0) return unreadable(errno);  // a directory opens, too
  return text;
}

namespace {

/// Problems are at lines of the whole text.
void apply_changes(std::string_view overlay, Table& document, Draft& draft) {
  const auto changes = Overlay::parse(overlay);
  if (const auto* problem = std::get_if<Problem>(&changes))
    return draft.report_at({}, "changes", problem->message, "they are kept in proxy.state_dir");
  std::get<Overlay>(changes).apply_to(document);
}

/// Reads the values, and judges them together.
void read_and_check(const Table& document, const Resolver& resolve, Draft& draft) {
  draft.config.default_connections = !has_key(document, "proxy", "max_connections");
  read_sections(document, draft);
  settle_pools(draft);
  default_costs(draft);
  make_places(draft);
  check_peers(draft);
  check_rules(draft);
  check_costs(draft);
  check_users(draft);
  check_unix_files(draft);
  check_client_weights(draft);
  check_metrics_urls(draft);
  check_alerts(draft);
  resolve_addresses(draft, resolve);
}

Judged judge_whole(std::string_view text, const std::string& file, const Resolver& resolve,
                   std::string_view overlay) {
  auto parsed = parse_document(text);
  auto* const document = std::get_if<Table>(&parsed);
  if (document == nullptr)
    return {.config = {}, .problems = std::get<std::vector<Problem>>(std::move(parsed)), .parsed = false};
  Draft draft;
  draft.text = text;
  draft.folder = folder_of(text, file);
  for (Problem& unset : expand(*document, process_environment()))
    draft.report_at({unset.line, unset.column}, unset.key, std::move(unset.message), std::move(unset.remedy));
  apply_changes(overlay, *document, draft);
  read_and_check(*document, resolve, draft);
  if (!draft.faulty()) build_costs(draft);
  draft.config.file = file;
  return {.config = std::move(draft.config), .problems = draft.problems()};
}

}  // namespace

std::variant<Config, std::vector<Problem>> load(const std::string& file) {
  const auto text = read_files(file);
  if (const auto* problems = std::get_if<std::vector<Problem>>(&text)) return *problems;
  return parse(std::get<std::string>(text), file);
}

std::variant<Config, std::vector<Problem>> parse(std::string_view text, const std::string& file,
                                                 const Resolver& resolve, std::string_view overlay) {
  Judged judged = judge(text, file, resolve, overlay);
  if (!judged.problems.empty()) return std::move(judged.problems);
  return std::move(judged.config);
}

Judged judge(std::string_view text, const std::string& file, const Resolver& resolve,
             std::string_view overlay) {
  Judged judged = judge_whole(text, file, resolve, overlay);
  for (Problem& problem : judged.problems) locate(problem, text);
  return judged;
}

}  // namespace finishline::config
