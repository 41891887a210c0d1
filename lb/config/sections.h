// Reads the sections of a document into a draft, key by key along the table. Reports unknown sections and
// keys, values of the wrong type or out of range, and keys that are missing. What the values mean together
// is judged in rules.h.
#pragma once

#include "lb/config/document.h"
#include "lb/config/draft.h"

namespace finishline::config {

void read_sections(const Table& document, Draft& draft);

}  // namespace finishline::config
