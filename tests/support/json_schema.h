// Holds JSON against the schemas of an OpenAPI 3.0 file: as much of them as that file uses.
#pragma once

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace finishline::test {

class JsonSchema {
 public:
  /// `document` outlives it.
  explicit JsonSchema(const nlohmann::json& document) : document_(document) {}

  /// What is wrong with the value, a line each: where, and what.
  std::vector<std::string> faults(const nlohmann::json& value, const nlohmann::json& schema) const {
    std::vector<std::string> all;
    check(value, schema, "", all);
    return all;
  }
  /// "#/components/schemas/Live"; null when there is none.
  const nlohmann::json& resolve(const std::string& reference) const {
    static const nlohmann::json kNone;
    const nlohmann::json::json_pointer place(reference.substr(1));
    return document_.contains(place) ? document_.at(place) : kNone;
  }

 private:
  using Json = nlohmann::json;

  /// `type` is a name, or a list of names.
  static bool is_one_of(const Json& value, const Json& type) {
    if (!type.is_array()) return is(value, type.get<std::string>());
    return std::any_of(type.begin(), type.end(),
                       [&](const Json& one) { return is(value, one.get<std::string>()); });
  }
  static bool is(const Json& value, const std::string& type) {
    if (type == "null") return value.is_null();
    if (type == "object") return value.is_object();
    if (type == "array") return value.is_array();
    if (type == "string") return value.is_string();
    if (type == "boolean") return value.is_boolean();
    if (type == "integer") return value.is_number_integer();
    return type == "number" && value.is_number();
  }

  void check(const Json& value, const Json& schema, const std::string& at,
             std::vector<std::string>& all) const {
    if (schema.contains("$ref")) return check(value, resolve(schema["$ref"]), at, all);
    if (value.is_null() && schema.value("nullable", false)) return;
    for (const Json& part : schema.value("allOf", Json::array())) check(value, part, at, all);
    if (schema.contains("type") && !is_one_of(value, schema["type"])) {
      all.push_back(at + ": " + value.dump().substr(0, 60) + " is no " + schema["type"].dump());
      return;
    }
    if (schema.contains("enum") &&
        std::find(schema["enum"].begin(), schema["enum"].end(), value) == schema["enum"].end())
      all.push_back(at + ": " + value.dump() + " is none of " + schema["enum"].dump());
    for (const Json& key : schema.value("required", Json::array()))
      if (!value.contains(key.get<std::string>()))
        all.push_back(at + '/' + key.get<std::string>() + " is missing");
    if (value.is_object()) check_members(value, schema, at, all);
    if (value.is_array() && schema.contains("items"))
      for (std::size_t i = 0; i < value.size(); ++i)
        check(value[i], schema["items"], at + '/' + std::to_string(i), all);
  }

  void check_members(const Json& value, const Json& schema, const std::string& at,
                     std::vector<std::string>& all) const {
    const Json properties = schema.value("properties", Json::object());
    for (const auto& [key, member] : value.items()) {
      if (properties.contains(key))
        check(member, properties[key], at + '/' + key, all);
      else if (schema.contains("additionalProperties") && schema["additionalProperties"].is_object())
        check(member, schema["additionalProperties"], at + '/' + key, all);
    }
  }

  const Json& document_;
};

}  // namespace finishline::test
