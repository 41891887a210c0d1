#include "client/description.h"

#include <cctype>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

namespace finishline::client {
namespace {

using Json = nlohmann::json;

/// The member of this name, or null.
const Json& member(const Json& object, const char* name) {
  static const Json kNull;
  if (!object.is_object()) return kNull;
  const auto at = object.find(name);
  return at == object.end() ? kNull : *at;
}

std::string text_of(const Json& value) {
  return value.is_string() ? value.get<std::string>() : std::string();
}

/// A whole number in [least, most], or `otherwise` when there is nothing of the kind.
template <class Integer>
Integer whole_of(const Json& value, Integer least, Integer most, Integer otherwise) {
  if (!value.is_number()) return otherwise;
  const double number = value.get<double>();
  if (!(number >= static_cast<double>(least) && number <= static_cast<double>(most))) return otherwise;
  return static_cast<Integer>(number);
}

std::string read_request_types(const Json& types, CostModel& cost) {
  if (!types.is_array() || types.size() > CostModel::kMaxTypes) return "'types' is no list of at most 64";
  for (const Json& type : types) {
    const std::string name = text_of(member(type, "name")), code = text_of(member(type, "code"));
    if (name.empty() || code.size() != 1 || std::isalpha(static_cast<unsigned char>(code[0])) == 0)
      return "a type has no name, or no letter as its code";
    if (cost.request_type_of(code[0])) return "two types have the code " + code;
    cost.add_request_type(name, code[0]);
  }
  return {};
}

std::string read_server_types(const Json& types, CostModel& cost) {
  if (!types.is_array() || types.size() > CostModel::kMaxTypes)
    return "'server_types' is no list of at most 64";
  for (const Json& type : types) {
    const std::string name = text_of(type);
    if (name.empty() || cost.server_type_named(name)) return "a server type has no name of its own";
    cost.add_server_type(name);
  }
  return {};
}

std::string read_factors(const Json& rows, CostModel& cost) {
  if (!rows.is_array() || rows.size() != cost.server_types().size())
    return "'cost' has not one row per server type";
  for (std::size_t t = 0; t < rows.size(); ++t) {
    const Json& row = rows[t];
    if (!row.is_array() || row.size() != cost.request_types().size())
      return "a row of 'cost' has not one entry per type";
    for (std::size_t k = 0; k < row.size(); ++k) {
      if (row[k].is_null()) continue;
      if (!row[k].is_number() || row[k].get<double>() <= 0) return "a factor in 'cost' is no number above 0";
      cost.set_factor(static_cast<ServerType>(t), static_cast<RequestType>(k), row[k].get<double>());
    }
  }
  return {};
}

std::string read_servers(const Json& servers, Description& description) {
  if (!servers.is_array()) return "'servers' is no list";
  for (const Json& server : servers) {
    ServerSpec spec;
    spec.name = text_of(member(server, "name"));
    const auto type = description.cost.server_type_named(text_of(member(server, "type")));
    if (spec.name.empty() || !type) return "a server has no name, or a type that is not listed";
    const Json& speed = member(server, "speed");
    spec.type = *type;
    spec.speed = speed.is_number() && speed.get<double>() > 0 ? speed.get<double>() : 1.0;
    spec.slots = whole_of<std::uint32_t>(member(server, "slots"), 1, 1U << 20, 1);
    spec.number = whole_of<std::uint32_t>(member(server, "number"), 0, 0xffffffffU,
                                          static_cast<std::uint32_t>(description.servers.size()));
    description.servers.push_back(std::move(spec));
  }
  return {};
}

}  // namespace

std::variant<Description, std::string> parse_description(std::string_view json) {
  const Json root = Json::parse(json, nullptr, false);
  if (!root.is_object()) return std::string("the description is no JSON object");

  Description description;
  const auto unit = whole_of<std::int64_t>(member(root, "unit_ns"), 1, std::int64_t{1} << 53, 0);
  if (unit == 0) return std::string("'unit_ns' is no number above 0");
  description.cost = CostModel(Nanos{unit});
  for (const std::string& problem : {read_request_types(member(root, "types"), description.cost),
                                     read_server_types(member(root, "server_types"), description.cost),
                                     read_factors(member(root, "cost"), description.cost),
                                     read_servers(member(root, "servers"), description)}) {
    if (!problem.empty()) return problem;
  }
  description.pool = text_of(member(root, "pool"));
  description.policy = text_of(member(root, "policy"));
  description.max_length = whole_of<std::uint32_t>(member(root, "max_length"), 0, 0xffffffffU, 0xffffffffU);
  description.max_body =
      whole_of<std::uint32_t>(member(root, "max_body"), 0, 0xffffffffU, proto::kDefaultMaxBody);
  return description;
}

}  // namespace finishline::client
