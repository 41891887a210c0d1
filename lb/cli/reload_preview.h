// What a reload would change: the configuration that a proxy works by, held against its file. Pure but for
// the names of servers, which are looked up.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lb/config/overruled.h"

namespace finishline::cli {

/// One thing that would be another.
struct PreviewChange {
  enum class Kind : std::uint8_t { added, removed, changed };
  Kind kind = Kind::changed;
  std::string part;                // "server video-3", "proxy"
  std::string key;                 // of what is changed
  nlohmann::ordered_json was, is;  // of what is changed; of what is added `is` has all that is written
};

struct ReloadPreview {
  std::vector<std::string> problems;  // it would be refused; what else stands here does not matter then
  std::vector<PreviewChange> changes;
  std::vector<config::Overruled> overruled;  // what the file would say in vain
  enum class Workers : std::uint8_t { untouched, same, renewed, unknown };
  Workers workers = Workers::untouched;  // who would take it
};

/// `file` is the proxy's, which is read now. `running` is what is in force, as the API exports it, and
/// `overlay` what of it was changed while the proxy runs, which a reload keeps.
ReloadPreview preview_of(const std::string& file, const std::string& running, const std::string& overlay);

/// "server video-1: weight = 1.0 does not hold: 2.5 does, which was changed over the file", a line.
std::string line_of_overruled(const std::string& part, const std::string& key,
                              const nlohmann::ordered_json& file, const nlohmann::ordered_json& is);
/// A line for each change and each key that is overruled, and one about the workers.
std::string text_of(const ReloadPreview& preview);
/// {"outcome": "new workers", "changes": [...], "problems": []}
nlohmann::ordered_json json_of(const ReloadPreview& preview);

}  // namespace finishline::cli
