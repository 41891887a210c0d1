#include "lb/peers/shared_orders.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace finishline::peers {

std::string to_text(const SharedOrder& order) {
  return std::to_string(order.version) + ' ' + order.by + ' ' + order.value;
}

std::optional<SharedOrder> shared_order_of(std::string_view text, bool asked) {
  SharedOrder order;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), order.version);
  if (error != std::errc{} || (order.version == 0 && !asked)) return std::nullopt;
  std::string_view rest = text.substr(static_cast<std::size_t>(end - text.data()));
  const auto second = rest.find(' ', 1);
  if (!rest.starts_with(' ') || second == std::string_view::npos || second + 1 >= rest.size())
    return std::nullopt;
  order.by = rest.substr(1, second - 1);
  order.value = rest.substr(second + 1);
  if (order.by.empty() || order.value.find_first_of("\r\n") != std::string::npos) return std::nullopt;
  return order;
}

std::string to_table(const std::map<std::string, std::string>& fields) {
  std::string text;
  for (const auto& [field, order] : fields) (text += field).append(1, '\0').append(order).append(1, '\0');
  return text;
}

std::map<std::string, std::string> table_of(std::string_view text) {
  const auto take = [&] {
    const std::string word(text.substr(0, text.find('\0')));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    return word;
  };
  std::map<std::string, std::string> fields;
  while (!text.empty()) {
    std::string field = take();
    fields.insert_or_assign(std::move(field), take());
  }
  return fields;
}

std::vector<std::string> SharedOrders::fields() const {
  std::vector<std::string> names;
  for (const auto& [name, field] : fields_) names.push_back(name);
  return names;
}

// --- here ----------------------------------------------------------------------------------------------

void SharedOrders::begins(const std::string& name, const std::string& value, const std::string& otherwise) {
  Field& field = fields_[name];
  field.otherwise = otherwise;
  field.here = value;
  field.seen = true;
  field.dirty = value != otherwise && field.agreed.version == 0;
  field.ordered = false;
}

void SharedOrders::ordered(const std::string& name, const std::string& value, const std::string& otherwise) {
  Field& field = fields_[name];
  field.otherwise = otherwise;
  field.here = value;
  field.seen = true;
  field.dirty = field.ordered = field.agreed.version == 0 || value != field.agreed.value;
}

SharedOrders::Step SharedOrders::due(const std::string& name, Instant now) {
  Field& field = fields_[name];
  const bool waits = field.asked && now - field.asked_at < kAskAgain;
  if (!field.dirty || !known_ || waits) return {};
  field.asked = SharedOrder{field.agreed.version, self_, field.here};
  field.asked_at = now;
  return {.ask = field.asked};
}

SharedOrders::Step SharedOrders::here(const std::string& name, const std::string& value,
                                      const std::string& otherwise, Instant now) {
  Field& field = fields_[name];
  if (field.adopting) {
    if (value != field.here && now - *field.adopting < kAdoptIn) return {};
    field.adopting.reset();
  }
  if (!field.seen) {
    begins(name, value, otherwise);
  } else if (value != field.here) {
    ordered(name, value, otherwise);
  }
  return due(name, now);
}

// --- there ---------------------------------------------------------------------------------------------

/// What was asked for stands there now.
void SharedOrders::accept(Field& field) {
  field.agreed = *field.asked;
  ++field.agreed.version;
  field.asked.reset();
  field.dirty = field.here != field.agreed.value;
}

SharedOrders::Step SharedOrders::there(const std::string& name, const SharedOrder& order, Instant now) {
  Field& field = fields_[name];
  if (order == field.agreed) return {};
  if (field.asked && order == SharedOrder{field.asked->version + 1, self_, field.asked->value}) {
    accept(field);  // and what was ordered here since stands over it
    return {};
  }
  if (order.version < field.agreed.version) {  // it has forgotten
    field.agreed = order;
    field.dirty =
        order.version > 0 ? field.here != order.value : field.dirty || field.here != field.otherwise;
    return {};
  }
  const bool differs = !field.seen || field.here != order.value;
  const bool conflict = field.dirty && field.ordered && differs;
  field.agreed = order;
  field.dirty = false;
  field.asked.reset();
  if (!differs) return {};
  field.here = order.value;
  field.seen = true;
  field.adopting = now;
  return {.adopt = order, .conflict = conflict};
}

SharedOrders::Step SharedOrders::answered(const std::string& name, const std::optional<SharedOrder>& instead,
                                          Instant now) {
  Field& field = fields_[name];
  if (instead) {
    field.asked.reset();
    return there(name, *instead, now);
  }
  if (field.asked) accept(field);
  return {};
}

void SharedOrders::set_known(bool known) {
  known_ = known;
  if (!known)
    for (auto& [name, field] : fields_) field.asked.reset();
}

}  // namespace finishline::peers
