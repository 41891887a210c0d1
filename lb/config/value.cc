#include "lb/config/value.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "lb/config/draft.h"
#include "lb/config/rate.h"
#include "proto/quantity.h"

namespace finishline::config {
namespace {

template <class Number>
std::optional<Number> whole_text(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool is_integer(Type type) { return type == Type::integer || type == Type::auto_integer; }
bool is_number(Type type) { return type == Type::number || type == Type::distance; }
bool is_duration(Type type) { return type == Type::duration || type == Type::auto_duration; }

/// A text in the notation of the type; also the ends of its range.
std::optional<std::int64_t> count_of(Type type, std::string_view text) {
  if (type == Type::size) return parse_size(text);
  if (type == Type::rate) {
    const auto rate = parse_rate(text);
    return rate ? std::optional(static_cast<std::int64_t>(*rate)) : std::nullopt;
  }
  if (!is_duration(type)) return whole_text<std::int64_t>(text);
  const auto span = parse_duration(text);
  return span ? std::optional(span->count()) : std::nullopt;
}

std::string_view example_of(const Key& key) {
  if (key.default_text && !key.default_text->empty()) return *key.default_text;
  switch (key.type) {
    case Type::address:
      return "127.0.0.1:9000";
    case Type::number:
      return "1.0";
    case Type::name:
      return "media";
    default:
      return "finishline.txt";
  }
}

std::string for_example(const Key& key) { return "write for example " + quoted(key.type, example_of(key)); }

Fault wrong_type(const Key& key, const Node& node) {
  const auto* const text = std::get_if<std::string>(&node.value);
  const bool number = std::holds_alternative<std::int64_t>(node.value);
  std::string remedy = for_example(key);
  if (is_duration(key.type)) remedy += " (units: ns, us, ms, s, m, h)";
  if (key.type == Type::distance) remedy += ", or a duration as \"5ms\"";
  if (key.type == Type::rate) remedy += " (units: /s, /m, /h)";
  if (key.type == Type::size) remedy += " (units: B, KiB, MiB, GiB, kB, MB, GB)";
  if (is_integer(key.type) && text && whole_text<std::int64_t>(*text)) remedy = "remove the quotes";
  if (is_duration(key.type) && number) {
    const std::string count = std::to_string(std::get<std::int64_t>(node.value));
    remedy = "say the unit, as in \"" + count + "s\" or \"" + count + "ms\"";
  }
  return {"expected " + expectation(key) + ", found " + describe(node), remedy};
}

Fault out_of_range(const Key& key, const Node& node) {
  std::string remedy = "use " + expectation(key);
  if (!key.unit.empty()) remedy += " (" + std::string(key.unit) + ")";
  if (key.name == kAnyName) remedy += "; a type that cannot be done has no line";
  return {describe(node) + " is out of range", remedy};
}

std::variant<Value, Fault> read_count(const Key& key, const Node& node) {
  std::optional<std::int64_t> count;
  if (is_integer(key.type) || key.type == Type::size) {
    if (const auto* integer = std::get_if<std::int64_t>(&node.value)) count = *integer;
  }
  if (!is_integer(key.type)) {
    if (const auto* text = std::get_if<std::string>(&node.value)) count = count_of(key.type, *text);
  }
  if (!count) return wrong_type(key, node);
  const auto ends = ends_of(key.range);
  if (*count < count_of(key.type, ends->first) || *count > count_of(key.type, ends->second)) {
    return out_of_range(key, node);
  }
  return Value(*count);
}

std::variant<Value, Fault> read_number(const Key& key, const Node& node) {
  std::optional<double> number;
  if (const auto* integer = std::get_if<std::int64_t>(&node.value)) number = static_cast<double>(*integer);
  if (const auto* real = std::get_if<double>(&node.value)) number = *real;
  if (!number) return wrong_type(key, node);
  const auto ends = ends_of(key.range);
  const bool inside =  // false for nan
      *number >= *whole_text<double>(ends->first) && *number <= *whole_text<double>(ends->second);
  if (!inside) return out_of_range(key, node);
  return Value(*number);
}

/// The duration comes out as whole nanoseconds.
std::variant<Value, Fault> read_distance(const Key& key, const Node& node) {
  const auto* const text = std::get_if<std::string>(&node.value);
  if (text == nullptr) return read_number(key, node);
  const auto later = parse_duration(*text);
  if (!later) return wrong_type(key, node);
  if (*later > *parse_duration(kFarthest)) return out_of_range(key, node);
  return Value(static_cast<std::int64_t>(later->count()));
}

std::variant<Value, Fault> read_choice(const Key& key, const Node& node) {
  const auto* const text = std::get_if<std::string>(&node.value);
  if (text == nullptr) return wrong_type(key, node);
  const auto words = choices(key.range);
  const auto found = std::find(words.begin(), words.end(), *text);
  if (found != words.end()) return Value(static_cast<std::int64_t>(found - words.begin()));
  Fault fault = wrong_type(key, node);
  fault.remedy = did_you_mean(*text, words, fault.remedy);
  return fault;
}

std::variant<Value, Fault> read_text(const Key& key, const Node& node) {
  const auto* const text = std::get_if<std::string>(&node.value);
  if (text == nullptr) return wrong_type(key, node);
  const bool may_be_empty = key.default_text == std::string_view();
  if (key.type == Type::name && !(may_be_empty && text->empty())) {
    const std::string fault = name_fault(*text);
    if (!fault.empty()) return Fault{fault, for_example(key)};
  }
  return Value(*text);
}

/// What came out of a variable is a number or a boolean where one is wanted, and it reads as one.
Node as_value(const Key& key, const Node& node) {
  const bool wanted =
      key.type == Type::boolean || is_integer(key.type) || key.type == Type::size || is_number(key.type);
  if (!node.expanded || !wanted) return node;
  const auto read = parse_document("value = " + std::get<std::string>(node.value));
  const auto* const table = std::get_if<Table>(&read);
  if (table == nullptr || table->size() != 1) return node;
  return {table->front().node.value, node.place};
}

bool fits_a_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
         c == '-';
}

}  // namespace

std::variant<Value, Fault> read_value(const Key& key, const Node& written) {
  const Node node = as_value(key, written);
  switch (key.type) {
    case Type::boolean:
      if (const auto* flag = std::get_if<bool>(&node.value)) return Value(*flag);
      return wrong_type(key, node);
    case Type::integer:
    case Type::size:
    case Type::duration:
    case Type::rate:
      return read_count(key, node);
    case Type::auto_duration:
    case Type::auto_integer:
      if (const auto* text = std::get_if<std::string>(&node.value); text && *text == kAuto)
        return Value(std::string(kAuto));
      return read_count(key, node);
    case Type::number:
      return read_number(key, node);
    case Type::distance:
      return read_distance(key, node);
    case Type::choice:
      return read_choice(key, node);
    default:
      return read_text(key, node);
  }
}

std::string name_fault(std::string_view text) {
  if (text.empty()) return "the name is empty";
  if (text.size() > kMaxName) return "the name is longer than " + std::to_string(kMaxName) + " characters";
  if (std::all_of(text.begin(), text.end(), fits_a_name)) return "";
  return "the name has characters other than letters, digits, '.', '_' and '-'";
}

}  // namespace finishline::config
