#include "lb/model/cost_file.h"

#include <toml++/toml.h>

#include <algorithm>
#include <cctype>
#include <optional>
#include <utility>

#include "lb/model/input_file.h"
#include "proto/quantity.h"

namespace finishline::model {
namespace {

/// "finishline.toml:12: what is wrong".
std::string problem_at(const std::string& path, const toml::node& node, const std::string& what) {
  return path + ":" + std::to_string(node.source().begin.line) + ": " + what;
}

/// Keys and values in the order in which they were written; the table itself is sorted by key. So the types
/// of a file have the same indices as in the proxy that reads it, and a seed means the same requests.
std::vector<std::pair<std::string, const toml::node*>> as_written(const toml::table& table) {
  std::vector<std::pair<std::string, const toml::node*>> entries;
  for (const auto& [key, node] : table) entries.emplace_back(key.str(), &node);
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
    const auto left = a.second->source().begin, right = b.second->source().begin;
    return std::pair(left.line, left.column) < std::pair(right.line, right.column);
  });
  return entries;
}

std::string read_request_types(const toml::table& types, const std::string& path, CostModel& cost) {
  for (const auto& [name, node] : as_written(types)) {
    const auto code = node->value<std::string>();
    if (!code || code->size() != 1 || std::isalpha(static_cast<unsigned char>((*code)[0])) == 0)
      return problem_at(path, *node, "the code of type '" + name + "' is not one letter");
    if (cost.request_type_of((*code)[0]))
      return problem_at(path, *node, "the code '" + *code + "' stands twice");
    if (cost.request_types().size() == CostModel::kMaxTypes)
      return problem_at(path, *node, "more than 64 types");
    cost.add_request_type(name, (*code)[0]);
  }
  return {};
}

std::optional<RequestType> type_named(const CostModel& cost, std::string_view name) {
  for (std::size_t k = 0; k < cost.request_types().size(); ++k) {
    if (cost.request_types()[k].name == name) return static_cast<RequestType>(k);
  }
  return std::nullopt;
}

std::string read_cost_row(const toml::table& row, ServerType server, const std::string& path,
                          CostModel& cost) {
  for (const auto& [key, node] : row) {
    const auto type = type_named(cost, key.str());
    if (!type) return problem_at(path, node, "'" + std::string(key.str()) + "' is not among [work] types");
    const auto factor = node.value<double>();
    if (!factor || !(*factor > 0)) return problem_at(path, node, "a factor is a number above 0");
    cost.set_factor(server, *type, *factor);
  }
  return {};
}

std::string read_costs(const toml::table& rows, const std::string& path, CostModel& cost) {
  for (const auto& [name, node] : as_written(rows)) {
    if (!node->is_table()) return problem_at(path, *node, "[cost." + name + "] is not a table");
    if (cost.server_types().size() == CostModel::kMaxTypes)
      return problem_at(path, *node, "more than 64 server types");
    const ServerType server = cost.add_server_type(name);
    if (std::string problem = read_cost_row(*node->as_table(), server, path, cost); !problem.empty())
      return problem;
  }
  return {};
}

/// The types that the proxy has when the file names none.
void add_default_types(CostModel& cost) {
  const CostModel seed = CostModel::seed(cost.unit());
  for (const RequestTypeSpec& type : seed.request_types()) cost.add_request_type(type.name, type.code);
}

/// The factors that it has then, of types that the file knows.
void add_default_costs(CostModel& cost) {
  const CostModel seed = CostModel::seed(cost.unit());
  for (std::size_t server = 0; server < seed.server_types().size(); ++server) {
    const ServerType row = cost.add_server_type(seed.server_types()[server]);
    for (std::size_t request = 0; request < seed.request_types().size(); ++request) {
      const auto type = type_named(cost, seed.request_types()[request].name);
      const auto factor = seed.factor(static_cast<ServerType>(server), static_cast<RequestType>(request));
      if (type && factor) cost.set_factor(row, *type, *factor);
    }
  }
}

/// One without a type serves streams, which cost nothing that this model knows.
std::string read_server(const toml::table& table, const std::string& path, CostFile& file) {
  if (!table.contains("type")) return {};
  const auto type = file.cost.server_type_named(table["type"].value_or(std::string_view{}));
  if (!type) return problem_at(path, table, "the server's type has no [cost.TYPE]");
  ServerSpec spec;
  spec.number = static_cast<std::uint32_t>(file.servers.size());
  spec.name = table["name"].value_or(std::string{});
  spec.type = *type;
  spec.speed = table["speed"].value_or(1.0);
  const auto slots = table["slots"].value_or(std::int64_t{1});
  if (!(spec.speed > 0) || slots < 1 || slots > 1 << 20)
    return problem_at(path, table, "speed is to be above 0, and slots at least 1");
  spec.slots = static_cast<std::uint32_t>(slots);
  file.servers.push_back(std::move(spec));
  return {};
}

std::string read_servers(const toml::array& servers, const std::string& path, CostFile& file) {
  for (const toml::node& server : servers) {
    if (!server.is_table()) return problem_at(path, server, "a server is a table");
    if (std::string problem = read_server(*server.as_table(), path, file); !problem.empty()) return problem;
  }
  return {};
}

std::variant<CostFile, std::string> from_table(const toml::table& root, const std::string& path) {
  const std::string_view unit_text = root["work"]["unit"].value_or(std::string_view("1ms"));
  const auto unit = parse_duration(unit_text);
  if (!unit || *unit <= 0ns)
    return path + ": [work] unit '" + std::string(unit_text) + "' is no duration above 0";
  CostFile file{CostModel(*unit), {}};

  std::string problem;
  if (const toml::table* types = root["work"]["types"].as_table(); types != nullptr) {
    problem = read_request_types(*types, path, file.cost);
  } else if (root["work"]["types"]) {
    problem = path + R"(: [work] types is no table, as in types = { video = "V" })";
  } else {
    add_default_types(file.cost);
  }
  if (const toml::table* costs = root["cost"].as_table(); costs == nullptr) {
    add_default_costs(file.cost);
  } else if (problem.empty()) {
    problem = read_costs(*costs, path, file.cost);
  }
  if (const toml::array* servers = root["server"].as_array(); problem.empty() && servers != nullptr)
    problem = read_servers(*servers, path, file);
  if (problem.empty() && file.cost.server_types().empty()) problem = path + ": there is no [cost.TYPE]";
  if (!problem.empty()) return problem;
  return file;
}

}  // namespace

std::variant<CostFile, std::string> read_cost_file(const std::string& path) {
  InputText read = read_input(path, "a cost model");
  if (!read.problem.empty()) return std::move(read.problem);
  return parse_cost_file(read.text, path);
}

std::variant<CostFile, std::string> parse_cost_file(std::string_view text, const std::string& path) {
  try {
    return from_table(toml::parse(text, path), path);
  } catch (const toml::parse_error& error) {
    return path + ":" + std::to_string(error.source().begin.line) + ": " + std::string(error.description());
  }
}

}  // namespace finishline::model
