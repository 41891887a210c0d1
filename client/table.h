// A table with aligned columns, for terminals. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace finishline::client {

/// The first `left` columns are aligned left, the others right. All rows have the same number of cells.
class Table {
 public:
  explicit Table(std::size_t left) : left_(left) {}
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  /// Every line indented by two and without blanks at its end.
  std::string text() const;

 private:
  std::size_t left_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace finishline::client
