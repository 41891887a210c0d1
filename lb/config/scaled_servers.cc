#include "lb/config/scaled_servers.h"

#include <pwd.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "lb/config/overlay.h"

namespace finishline::config {
namespace {

/// Whose places are made, and where it stands in the text.
struct Template {
  const Pool& pool;
  const ScaledServers& servers;
  std::string key;  // "pool.media.scale.video"
};

Server server_of(const Template& from, std::uint32_t number) {
  const ScaledServers& it = from.servers;
  Server server;
  server.name = place_name(from.pool.name, it.type, number);
  server.pool = from.pool.name;
  if (!from.pool.streams) server.type = it.type;
  server.address = server.check_address = place_address();
  server.bind = server.address.to_string();
  server.protocol = it.protocol;
  server.path = it.path;
  server.speed = it.speed;
  server.slots = it.slots;
  server.links = it.links;
  server.capacity = it.capacity;
  if (from.pool.streams) server.user_timeout = 0s;  // as of all servers of streams
  server.scaled = true;
  return server;
}

/// What the rules and messages about servers look for.
void note_place(Draft& draft, const Template& from, std::size_t index) {
  const TextPosition place = *draft.place(from.key);
  for (const char* const key : {"", "name", "pool"}) draft.note(key_path("server", index, key), place);
  if (!from.pool.streams) draft.note(key_path("server", index, "type"), place);
  draft.note("server", place);
}

void check_command(Draft& draft, const Template& from) {
  const std::string key = from.key + ".command";
  if (from.servers.command.empty()) {
    const Scale& scale = from.pool.scale;
    if (from.servers.max > 0 && scale.command.empty() && scale.webhook.empty())
      draft.report(key, "nothing is said that could start servers of this type",
                   "write a command here, or command or webhook in [pool." + from.pool.name + ".scale]");
    return;
  }
  const auto words = words_of(from.servers.command);
  if (const auto* const why = std::get_if<std::string>(&words))
    return draft.report(key, *why,
                        "write for example \"finishline-server --type {type} --listen {address}\"");
  const std::string& command = from.servers.command;
  if (command.find("{port}") == std::string::npos && command.find("{address}") == std::string::npos)
    draft.report(key, "it says neither {address} nor {port}, so its servers could not be found",
                 "write {address} where the command takes the address to listen on");
}

void check_numbers(Draft& draft, const Template& from) {
  const ScaledServers& it = from.servers;
  if (it.min > it.max)
    draft.report(from.key + ".min",
                 "min = " + std::to_string(it.min) + " is more than max = " + std::to_string(it.max),
                 "raise max, or lower min");
  if (it.ports.empty()) return;
  const auto ports = ports_in(it.ports);
  if (!ports)
    return draft.report(from.key + ".ports", "'" + it.ports + "' is no range of ports",
                        "write for example \"20000..20099\"");
  if (const std::uint32_t count = ports->second - ports->first + 1U; count < it.max)
    draft.report(from.key + ".ports",
                 "the " + std::to_string(count) + " ports are too few for max = " + std::to_string(it.max),
                 "widen the range, or lower max");
}

/// Of servers on other machines.
void check_actuator(Draft& draft, const Pool& pool) {
  const std::string key = "pool." + pool.name + ".scale.";
  if (const std::string& command = pool.scale.command; !command.empty()) {
    const auto words = words_of(command);
    if (const auto* const why = std::get_if<std::string>(&words))
      draft.report(key + "command", *why, "write for example \"/usr/local/bin/scale\"");
  }
  const std::string& url = pool.scale.webhook;
  if (!url.empty() && !url.starts_with("http://") && !url.starts_with("https://"))
    draft.report(key + "webhook", "'" + url + "' is no http:// or https:// URL",
                 "write for example \"https://example.org/scale\"");
}

void check_template(Draft& draft, const Template& from) {
  check_command(draft, from);
  check_numbers(draft, from);
  const std::string& user = from.servers.user;
  if (!user.empty() && ::getpwnam(user.c_str()) == nullptr)
    draft.report(from.key + ".user", "there is no user '" + user + "'", "create it, or name another");
  if (from.servers.max > 0 && from.pool.scale.by == sched::ScaleBy::work && from.pool.streams)
    draft.report("pool." + from.pool.name + ".scale.by", "streams declare no work",
                 "set by = \"connections\"");
}

bool is_server_type(const Draft& draft, const Template& from) {
  return from.pool.streams || std::ranges::any_of(draft.cost, [&](const CostRow& row) {
           return row.server_type == from.servers.type;
         });
}

/// Beyond what there is room for none is made: rules.cc says so.
void make_places_of(Draft& draft, const Template& from) {
  check_template(draft, from);
  if (!is_server_type(draft, from)) {
    std::vector<std::string_view> known;
    for (const CostRow& row : draft.cost) known.push_back(row.server_type);
    return draft.report(from.key, "unknown server type '" + from.servers.type + "'",
                        did_you_mean(from.servers.type, known,
                                     "add a section [cost." + from.servers.type + "] with its factors"));
  }
  if (from.servers.command.empty()) return;  // on other machines
  auto& servers = draft.config.servers;
  for (std::uint32_t n = 1; n <= from.servers.max && servers.size() <= draft.config.proxy.max_servers; ++n) {
    servers.push_back(server_of(from, n));
    note_place(draft, from, servers.size() - 1);
  }
}

}  // namespace

void make_places(Draft& draft) {
  for (const Pool& pool : draft.config.pools) check_actuator(draft, pool);
  for (const Pool& pool : draft.config.pools)
    for (const ScaledServers& servers : pool.scale.servers)
      make_places_of(draft, {pool, servers, "pool." + pool.name + ".scale." + servers.type});
}

std::string place_name(std::string_view pool, std::string_view type, std::uint32_t number) {
  return std::string(pool) + '-' + std::string(type) + '-' + std::to_string(number);
}

namespace {

const Table* table_under(const Table& table, std::string_view key) {
  const Node* const node = find_node(table, key);
  return node == nullptr ? nullptr : std::get_if<Table>(&node->value);
}

/// [pool.NAME.scale]; nullptr when there is none.
const Table* scale_in(const Table& document, std::string_view pool) {
  const Table* const pools = table_under(document, "pool");
  const Table* const keys = pools == nullptr ? nullptr : table_under(*pools, pool);
  return keys == nullptr ? nullptr : table_under(*keys, "scale");
}

/// Whether `name` is one of the places, from 1 to `max`, that begin so.
bool is_place(std::string_view name, const std::string& begin, const Table& keys) {
  if (!name.starts_with(begin)) return false;
  name.remove_prefix(begin.size());
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  const Node* const max = find_node(keys, "max");
  const auto* const most = max == nullptr ? nullptr : std::get_if<std::int64_t>(&max->value);
  return error == std::errc{} && end == name.data() + name.size() && most != nullptr && number >= 1 &&
         number <= *most;
}

}  // namespace

std::vector<std::string> scaled_types(const Table& document, std::string_view pool) {
  std::vector<std::string> types;
  const Table* const scale = scale_in(document, pool);
  for (std::size_t i = 0; scale != nullptr && i < scale->size(); ++i)
    if (std::holds_alternative<Table>((*scale)[i].node.value)) types.push_back((*scale)[i].key);
  return types;
}

std::string section_of_place(const Table& document, std::string_view name) {
  const Table* const pools = table_under(document, "pool");
  for (std::size_t i = 0; pools != nullptr && i < pools->size(); ++i) {
    const std::string& pool = (*pools)[i].key;
    for (const std::string& type : scaled_types(document, pool))
      if (is_place(name, pool + '-' + type + '-', *table_under(*scale_in(document, pool), type)))
        return "pool." + pool + ".scale." + type;
  }
  return "";
}

net::Address place_address() {
  constexpr std::array kLoopback{std::byte{127}, std::byte{0}, std::byte{0}, std::byte{1}};
  return {std::span<const std::byte>(kLoopback), 0};
}

sched::ScaleOptions scale_options(const Scale& scale) {
  constexpr std::array kUpOver{0.7, 0.8, 0.5};  // by ScaleBy
  return {.by = scale.by,
          .up_over = scale.up_over > 0 ? scale.up_over / 100 : kUpOver[static_cast<std::size_t>(scale.by)],
          .down_under = scale.down_under / 100,
          .hysteresis = scale.hysteresis / 100,
          .cooldown_up = scale.cooldown_up,
          .cooldown_down = scale.cooldown_down,
          .settle = scale.settle,
          .min_life = scale.min_life,
          .catch_up = scale.catch_up,
          .one_step = scale.one_step};
}

std::variant<std::vector<std::string>, std::string> words_of(std::string_view command) {
  std::vector<std::string> words;
  bool inside = false;  // of a word
  char quote = 0;
  for (const char c : command) {
    if (quote != 0) {
      if (c == quote)
        quote = 0;
      else
        words.back() += c;
    } else if (c == ' ' || c == '\t' || c == '\n') {
      inside = false;
    } else {
      if (!std::exchange(inside, true)) words.emplace_back();
      if (c == '"' || c == '\'')
        quote = c;
      else
        words.back() += c;
    }
  }
  if (quote != 0) return std::string("a quote is not closed");
  if (words.empty() || words.front().empty()) return std::string("there is no program to run");
  return words;
}

std::optional<std::pair<std::uint16_t, std::uint16_t>> ports_in(std::string_view text) {
  const auto dots = text.find("..");
  if (dots == std::string_view::npos) return std::nullopt;
  const auto port_of = [](std::string_view digits) -> std::optional<std::uint16_t> {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (error != std::errc{} || end != digits.data() + digits.size() || port == 0) return std::nullopt;
    return port;
  };
  const auto first = port_of(text.substr(0, dots)), last = port_of(text.substr(dots + 2));
  if (!first || !last || *last < *first) return std::nullopt;
  return std::pair{*first, *last};
}

}  // namespace finishline::config
