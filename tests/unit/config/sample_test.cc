// The sample file, the key table and the defaults in config.h say the same. Run from the repository's root.
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <variant>
#include <vector>

#include "lb/config/advice.h"
#include "lb/config/config.h"
#include "lb/config/document.h"
#include "lb/config/key_table.h"
#include "lb/config/source.h"
#include "lb/config/value.h"

namespace {

using namespace finishline::config;
using finishline::CostModel;
using finishline::RequestTypeSpec;

constexpr const char* kSample = "lb/finishline.example.toml";

std::string sample_text() {
  std::ifstream in(kSample);
  REQUIRE(in.good());
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// How the header of a nested section stands in the sample.
std::string nested_header(Section section) {
  std::string header(row_of(section).header);
  for (const auto& [word, name] : {std::pair{"NAME", "media"}, {"TYPE", "video"}})
    if (const auto at = header.find(word); at != std::string::npos) header.replace(at, 4, name);
  return header;
}

/// The lines from the first header of a section to the next header.
std::vector<std::string> lines_of(Section section) {
  std::istringstream text(sample_text());
  std::vector<std::string> lines;
  bool inside = false;
  for (std::string line; std::getline(text, line);) {
    if (line.starts_with("[")) {
      if (!lines.empty()) break;
      const auto begin = line.find_first_not_of('[');
      inside = row_of(section).shape == Shape::nested
                   ? line == nested_header(section)
                   : line.substr(begin, line.find_first_of(".]", begin) - begin) == row_of(section).name;
    }
    if (inside) lines.push_back(line);
  }
  return lines;
}

/// What stands above the key in the sample.
std::string comment_of(const Key& key) {
  std::string may_be;
  if (const auto ends = ends_of(key.range)) {
    may_be = std::string(ends->first) + " to " + std::string(ends->second);
    if (key.type == Type::auto_duration || key.type == Type::auto_integer) may_be += ", or auto";
    if (key.type == Type::distance) may_be += ", or 0s to " + std::string(kFarthest);
  } else {
    for (const auto word : choices(key.range)) may_be += (may_be.empty() ? "" : " | ") + std::string(word);
  }
  if (!key.unit.empty()) may_be += ' ' + std::string(key.unit);
  const std::string required = key.default_text ? "" : "required: ";
  return "# " + required + std::string(key.prose) + (may_be.empty() ? "" : " (" + may_be + ')');
}

Node node_of(const std::string& toml_value) {
  auto document = parse_document("x = " + toml_value);
  REQUIRE(std::holds_alternative<Table>(document));
  return std::get<Table>(document).front().node;
}

template <class T>
Value widened(const T& value) {
  if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, double> || std::is_same_v<T, std::string>) {
    return value;
  } else if constexpr (std::is_same_v<T, finishline::sched::Distance>) {
    return value.factor;
  } else if constexpr (std::is_same_v<T, finishline::Nanos>) {
    return static_cast<std::int64_t>(value.count());
  } else if constexpr (std::is_same_v<T, std::optional<finishline::Nanos>>) {
    return value ? Value(static_cast<std::int64_t>(value->count())) : Value(std::string(kAuto));
  } else if constexpr (std::is_same_v<T, std::optional<std::uint32_t>>) {
    return value ? Value(std::int64_t{*value}) : Value(std::string(kAuto));
  } else {
    return static_cast<std::int64_t>(value);
  }
}

/// What the member of a key holds in a new struct of its section.
Value built_in(const Key& key) {
  const auto of_member = []<class S, class T>(T S::*member) -> Value {
    if constexpr (requires(T list) { list.push_back({}); } && !std::is_same_v<T, std::string>) {
      return false;  // lists: see the tests below
    } else {
      return widened(S{}.*member);
    }
  };
  return std::visit([&](const auto& field) { return std::visit(of_member, field); }, key.field);
}

Config loaded_sample() {
  auto result = load(kSample);
  if (const auto* problems = std::get_if<std::vector<Problem>>(&result)) {
    for (const Problem& problem : *problems) MESSAGE(to_string(problem, kSample));
  }
  REQUIRE(std::holds_alternative<Config>(result));
  return std::get<Config>(std::move(result));
}

}  // namespace

TEST_CASE("the default of every key in the table is the one built in") {
  for (const Key& key : keys()) {
    if (!key.default_text || key.type == Type::types || key.type == Type::networks ||
        key.type == Type::hosts || key.type == Type::durations || key.type == Type::texts ||
        key.type == Type::files || key.type == Type::routes || key.type == Type::weights)
      continue;
    CAPTURE(key.name);
    const auto value = read_value(key, node_of(quoted(key.type, *key.default_text)));
    REQUIRE(std::holds_alternative<Value>(value));
    CHECK(std::get<Value>(value) == built_in(key));
  }
}

TEST_CASE("every key stands in the sample with its prose, range, unit and default") {
  for (const Key& key : keys()) {
    if (key.section() == Section::cost) continue;  // its keys are the user's own
    CAPTURE(key.name);
    const auto lines = lines_of(key.section());
    const std::string start = std::string(key.name) + " = ";
    const auto line =
        std::find_if(lines.begin(), lines.end(), [&](const auto& l) { return l.starts_with(start); });
    REQUIRE(line != lines.end());
    CHECK(*(line - 1) == comment_of(key));
    if (key.default_text) CHECK(*line == start + quoted(key.type, *key.default_text));
  }
}

TEST_CASE("the sample loads as it is and is the seed set-up") {
  const Config sample = loaded_sample();
  CHECK(sample.file == kSample);
  REQUIRE(sample.listeners.size() == 1);
  CHECK(sample.listeners[0].address.to_string() == "127.0.0.1:9000");
  REQUIRE(sample.pools.size() == 1);
  CHECK(sample.pool_index("media") == 0);
  REQUIRE(sample.servers.size() == 3);
  CHECK(sample.servers[0].name == "video-1");
  CHECK(sample.servers[1].address.to_string() == "127.0.0.1:9002");
  CHECK(sample.servers[2].type_index == *sample.cost.server_type_named("music"));
}

TEST_CASE("the costs of the sample are those that stand when nothing is said") {
  const Config sample = loaded_sample();
  const CostModel seed = CostModel::seed(sample.cost.unit());
  const auto same_type = [](const RequestTypeSpec& a, const RequestTypeSpec& b) {
    return a.name == b.name && a.code == b.code;
  };
  CHECK(sample.cost.unit() == Work{}.unit);
  CHECK(sample.max_length == Work{}.max_length);
  CHECK(std::ranges::equal(sample.cost.request_types(), seed.request_types(), same_type));
  CHECK(std::ranges::equal(Work{}.types, seed.request_types(), same_type));
  REQUIRE(sample.cost.server_types() == seed.server_types());
  for (finishline::ServerType server = 0; server < seed.server_types().size(); ++server) {
    for (finishline::RequestType request = 0; request < seed.request_types().size(); ++request) {
      CHECK(sample.cost.factor(server, request) == seed.factor(server, request));
    }
  }
}

TEST_CASE("the sample stays good with every mode and protocol that it offers") {
  for (const auto& [section, name] : {std::pair{Section::listener, "mode"}, {Section::server, "protocol"}}) {
    const Key& key = *find_key(section, name);
    const std::string line = std::string("\n") + name + " = ";
    for (const std::string_view word : choices(key.range)) {
      CAPTURE(word);
      std::string text = sample_text();
      const auto from = text.find(std::string(row_of(section).header));
      text.replace(text.find(line + "\"frame\"", from), line.size() + 7, line + quoted(key.type, word));
      const Source source{.file = "f", .text = text, .names = {}};
      const auto result = parse(source);
      if (const auto* problems = std::get_if<std::vector<Problem>>(&result))
        for (const Problem& problem : *problems) FAIL_CHECK(to_string(problem, "f"));
      if (const auto* config = std::get_if<Config>(&result))
        CHECK(advice_on(source, *config).size() == (word == "stream" ? 4 : 0));  // policy, and three types
    }
  }
}
