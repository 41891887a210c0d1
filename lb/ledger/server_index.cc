#include "lb/ledger/server_index.h"

namespace finishline::ledger {

ServerIndex::ServerIndex(const Ledger& ledger) {
  rows_.reserve(ledger.server_count());
  for (ServerId id = 0; id < ledger.server_count(); ++id) rows_.emplace(ledger.server_name(id), id);
}

}  // namespace finishline::ledger
