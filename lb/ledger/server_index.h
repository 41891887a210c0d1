// Rows of the ledger by the names of their servers, as they stand now: for those who look up many at once,
// where Ledger::find_server() would go through all rows for each. Any process. Good until a row is let to
// another name (row_lease.h): not to be kept.
#pragma once

#include <optional>
#include <string_view>
#include <unordered_map>

#include "lb/ledger/ledger.h"

namespace finishline::ledger {

class ServerIndex {
 public:
  /// One pass over the rows.
  explicit ServerIndex(const Ledger& ledger);

  /// The row of this name, absent or not; nothing when there is none.
  std::optional<ServerId> find(std::string_view name) const {
    const auto found = rows_.find(name);
    return found == rows_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  std::unordered_map<std::string_view, ServerId> rows_;  // names lie in the rows
};

}  // namespace finishline::ledger
