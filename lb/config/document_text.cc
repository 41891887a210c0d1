#include "lb/config/document_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <string_view>

namespace finishline::config {
namespace {

bool is_bare(std::string_view key) {
  return !key.empty() && std::ranges::all_of(key, [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

std::string quoted_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
      out += escape;
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string key_text(std::string_view key) { return is_bare(key) ? std::string(key) : quoted_text(key); }

/// The shortest that reads as the same number, and as no integer.
std::string number_text(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  char text[64];
  const auto end = std::to_chars(text, text + sizeof text, value);
  std::string number(text, end.ptr);
  return number.find_first_of(".e") == std::string::npos ? number + ".0" : number;
}

struct InLine {
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(std::int64_t value) const { return std::to_string(value); }
  std::string operator()(double value) const { return number_text(value); }
  std::string operator()(const std::string& value) const { return quoted_text(value); }
  std::string operator()(const Foreign&) const { return "\"\""; }  // no key of ours takes one
  std::string operator()(const Array& nodes) const {
    std::string text;
    for (const Node& node : nodes) text += (text.empty() ? "" : ", ") + std::visit(*this, node.value);
    return '[' + text + ']';
  }
  std::string operator()(const Table& entries) const {
    std::string text;
    for (const Entry& entry : entries)
      text += (text.empty() ? " " : ", ") + key_text(entry.key) + " = " + std::visit(*this, entry.node.value);
    return text.empty() ? "{}" : '{' + text + " }";
  }
};

bool is_tables(const Node& node) {
  const auto* array = std::get_if<Array>(&node.value);
  return array != nullptr && !array->empty() &&
         std::ranges::all_of(*array, [](const Node& it) { return std::holds_alternative<Table>(it.value); });
}

bool is_table(const Node& node) { return std::holds_alternative<Table>(node.value); }

std::string lines_of(const Table& table) {
  std::string text;
  for (const Entry& entry : table)
    text += key_text(entry.key) + " = " + std::visit(InLine{}, entry.node.value) + '\n';
  return text;
}

/// A table of which every entry is one is no part itself, but their common name: [pool.media].
bool only_names_parts(const Table& table) {
  return !table.empty() && std::ranges::all_of(table, [](const Entry& it) { return is_table(it.node); });
}

std::string part_text(const std::string& name, const Table& table) {
  if (!only_names_parts(table)) return "\n[" + name + "]\n" + lines_of(table);
  std::string text;
  for (const Entry& entry : table)
    text += "\n[" + name + '.' + key_text(entry.key) + "]\n" + lines_of(std::get<Table>(entry.node.value));
  return text;
}

}  // namespace

std::string to_toml(const Table& document) {
  std::string values, parts;
  for (const Entry& entry : document) {
    const std::string name = key_text(entry.key);
    if (is_table(entry.node)) {
      parts += part_text(name, std::get<Table>(entry.node.value));
    } else if (is_tables(entry.node)) {
      for (const Node& node : std::get<Array>(entry.node.value))
        parts += "\n[[" + name + "]]\n" + lines_of(std::get<Table>(node.value));
    } else {
      values += name + " = " + std::visit(InLine{}, entry.node.value) + '\n';
    }
  }
  const std::string text = values + parts;
  return text.starts_with('\n') ? text.substr(1) : text;
}

}  // namespace finishline::config
