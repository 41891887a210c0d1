// Metrics as Prometheus reads them (text format 0.0.4): families and their samples, one after the other.
// Pure.
#pragma once

#include <charconv>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "lb/ledger/latencies.h"
#include "proto/units.h"

namespace finishline::control {

class MetricsText {
 public:
  using Label = std::pair<std::string_view, std::string_view>;

  void family(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    text_.append("# HELP ").append(name).append(" ").append(help).append("\n");
    text_.append("# TYPE ").append(name).append(" ").append(type).append("\n");
  }
  /// One sample of the family begun last.
  template <class Number>
  void sample(std::initializer_list<Label> labels, Number value) {
    sample("", labels, value);
  }
  /// The same, of its part "_bucket", "_sum" or "_count".
  template <class Number>
  void sample(std::string_view suffix, std::initializer_list<Label> labels, Number value) {
    text_.append(name_).append(suffix);
    char before = '{';
    for (const auto& [name, word] : labels) {
      if (name.empty()) continue;
      text_.append(1, std::exchange(before, ',')).append(name).append("=\"");
      append_escaped(word);
      text_ += '"';
    }
    if (before == ',') text_ += '}';
    char digits[64];
    const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    text_.append(" ").append(digits, end).append("\n");
  }
  /// The samples of one histogram of the family begun last: its buckets up to `bounds`, sum and count.
  void histogram(Label one, Label other, const ledger::LatencyHistogram& of, std::span<const Nanos> bounds);
  std::string take() { return std::move(text_); }

 private:
  void append_escaped(std::string_view word) {
    for (const char c : word) {
      if (c == '\\' || c == '"')
        text_.append(1, '\\').append(1, c);
      else if (c == '\n')
        text_ += "\\n";
      else
        text_ += c;
    }
  }

  std::string text_;
  std::string_view name_;
};

/// Divided, not multiplied by 1e-9 as to_seconds() does: 2 min are to read 120, not 120.00000000000001.
inline double metric_seconds(Nanos span) { return static_cast<double>(span.count()) / 1e9; }
/// The shortest that reads as this value again.
std::string metric_digits(double value);

}  // namespace finishline::control
