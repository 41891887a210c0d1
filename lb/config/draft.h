// A configuration on its way: the values so far, where each stands in the text, and all that is wrong.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lb/config/config.h"
#include "lb/config/document.h"
#include "lb/config/key_table.h"

namespace finishline::config {

/// One [cost.SERVER_TYPE].
struct CostRow {
  std::string server_type;
  std::vector<std::pair<std::string, double>> factors;  // by request type
};

class Draft {
 public:
  std::string_view text;  // that is read
  std::string folder;     // that names of files go by (folder.h)
  Config config;
  Work work;
  std::vector<CostRow> cost;  // empty: the seed matrix

  /// The value of `key` ("server[2].pool") was read and is good by itself; or a section begins here.
  void note(const std::string& key, TextPosition place) { places_[key] = place; }
  /// nullptr when the text has no good value for `key`: its default stands, or it was reported already.
  const TextPosition* place(const std::string& key) const;
  bool given(const std::string& key) const { return place(key) != nullptr; }
  /// Something was reported about `key` itself.
  bool reported(const std::string& key) const;

  /// Reports at the place of `key`, of its section if `key` was not given, or without a place.
  void report(const std::string& key, std::string message, std::string remedy);
  void report_at(TextPosition place, const std::string& key, std::string message, std::string remedy);

  bool faulty() const { return !problems_.empty(); }
  /// In the order of the text; those without a place come last.
  std::vector<Problem> problems() const;

 private:
  std::map<std::string, TextPosition> places_;
  std::vector<Problem> problems_;
};

/// "server[2].pool": the second server of the file, counted from 1 as lines are.
std::string key_path(std::string_view section, std::size_t index, std::string_view key);
/// "did you mean 'x'?", or `otherwise` when nothing is near.
std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& known,
                         std::string otherwise);

}  // namespace finishline::config
