#include "lb/peers/shared_orders.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace finishline::peers {

namespace {

constexpr std::uint64_t kVersions = 1'000'000'000'000'000;  // engines count with doubles

}  // namespace

std::string to_text(const SharedOrder& order) {
  return std::to_string(order.version) + ' ' + order.by + ' ' + order.value;
}

std::optional<SharedOrder> shared_order_of(std::string_view text, bool asked) {
  SharedOrder order;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), order.version);
  if (error != std::errc{} || order.version >= kVersions || (order.version == 0 && !asked))
    return std::nullopt;
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

std::uint64_t floor_in(const std::map<std::string, std::string>& fields) {
  const auto text = fields.find(std::string(kFloorField));
  std::uint64_t floor = 0;
  if (text != fields.end())
    std::from_chars(text->second.data(), text->second.data() + text->second.size(), floor);
  return floor < kVersions ? floor : 0;
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
  field.dirty = field.ordered =
      field.agreed.version == 0 || field.forgotten || field.left_out || value != field.agreed.value;
  field.left_out = false;
}

/// What was agreed gets the version again that it had; what was ordered here since goes on top of it.
std::uint64_t SharedOrders::base_of(const Field& field) {
  const bool again = field.forgotten && field.agreed.version > 0 && field.here == field.agreed.value;
  return field.agreed.version - (again ? 1 : 0);
}

SharedOrders::Step SharedOrders::due(const std::string& name, Instant now) {
  Field& field = fields_[name];
  const bool waits = field.asked && now - field.asked_at < kAskAgain;
  if (!field.dirty || !known_ || waits) return {};
  field.asked = SharedOrder{base_of(field), self_, field.here};
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

/// On top of what was known, or of a floor that is higher.
bool SharedOrders::is_asked(const Field& field, const SharedOrder& order) const {
  return field.asked && order.version > field.asked->version && order.by == self_ &&
         order.value == field.asked->value;
}

/// What was asked for stands there now.
void SharedOrders::accept(Field& field, const SharedOrder& order) {
  field.agreed = order;
  field.asked.reset();
  field.dirty = field.here != field.agreed.value;
  field.forgotten = field.left_out = false;
}

/// What would stand here anyway need not be told again, nor what does not stand here.
void SharedOrders::forget_line(Field& field) {
  field.forgotten = true;
  if (field.seen && !field.left_out && field.here != field.otherwise) field.dirty = true;
}

void SharedOrders::unreadable(const std::string& name) { forget_line(fields_[name]); }

void SharedOrders::pass_over(const std::string& name, const SharedOrder& order) {
  Field& field = fields_[name];
  field.dirty = field.dirty && field.ordered;
  field.agreed = order;
  field.asked.reset();
  field.forgotten = false;
  field.left_out = true;
}

SharedOrders::Step SharedOrders::there(const std::string& name, const SharedOrder& order, Instant now) {
  Field& field = fields_[name];
  if (order == field.agreed) {
    if (field.forgotten) field.asked.reset(), field.dirty = field.dirty && field.here != order.value;
    field.forgotten = false;
    return {};
  }
  if (is_asked(field, order)) {
    accept(field, order);  // and what was ordered here since stands over it
    return {};
  }
  if (order.version == 0 && field.agreed.version <= floor_) return tidied(field, now);
  if (order.version == 0) {
    forget_line(field);
    return {};
  }
  field.forgotten = false;
  if (order.version < field.agreed.version && field.ordered) {  // it has forgotten ours
    field.agreed = order;
    field.dirty = field.here != order.value;
    return {};
  }
  const bool differs = !field.seen || field.here != order.value;
  const bool conflict = field.dirty && field.ordered && differs;
  field.agreed = order;
  field.dirty = field.ordered = false;
  field.asked.reset();
  if (!differs) return {};
  field.left_out = false;
  field.here = order.value;
  field.seen = true;
  field.adopting = now;
  return {.adopt = order, .conflict = conflict};
}

/// It has no line because nobody needed one.
SharedOrders::Step SharedOrders::tidied(Field& field, Instant now) {
  field.agreed = {};
  field.forgotten = field.left_out = false;
  if (field.dirty && field.ordered) return {};
  field.dirty = field.ordered = false;
  if (!field.seen || field.here == field.otherwise) return {};
  field.here = field.otherwise;
  field.adopting = now;
  return {.adopt = SharedOrder{floor_, "nobody", field.otherwise}};
}

SharedOrders::Step SharedOrders::answered(const std::string& name, const SharedOrder& order, Instant now) {
  Field& field = fields_[name];
  if (!is_asked(field, order)) field.asked.reset();
  return there(name, order, now);
}

bool SharedOrders::all_told() const {
  return std::ranges::none_of(fields_, [](const auto& it) { return it.second.dirty; });
}

void SharedOrders::set_known(bool known) {
  known_ = known;
  if (!known)
    for (auto& [name, field] : fields_) field.asked.reset();
}

}  // namespace finishline::peers
