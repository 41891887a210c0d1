#include "lb/http/request_head.h"

#include <algorithm>
#include <cctype>

namespace finishline::http {

bool same_word(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return std::tolower(static_cast<unsigned char>(c)); };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

std::string_view RequestHead::header(std::string_view name) const {
  for (const HeaderField& field : fields)
    if (same_word(field.name, name)) return field.value;
  return {};
}

}  // namespace finishline::http
