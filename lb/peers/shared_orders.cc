#include "lb/peers/shared_orders.h"

#include <charconv>

namespace finishline::peers {

std::string to_text(const SharedOrder& order) {
  return std::to_string(order.version) + ' ' + order.by + ' ' + order.value;
}

std::optional<SharedOrder> shared_order_of(std::string_view text) {
  SharedOrder order;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), order.version);
  if (error != std::errc{} || order.version == 0) return std::nullopt;
  std::string_view rest = text.substr(static_cast<std::size_t>(end - text.data()));
  const auto second = rest.find(' ', 1);
  if (!rest.starts_with(' ') || second == std::string_view::npos || second + 1 >= rest.size())
    return std::nullopt;
  order.by = rest.substr(1, second - 1);
  order.value = rest.substr(second + 1);
  if (order.by.empty() || order.value.find_first_of("\r\n") != std::string::npos) return std::nullopt;
  return order;
}

SharedOrders::Step SharedOrders::here(const std::string& name, const std::string& value,
                                      const std::string& otherwise, Instant now) {
  Field& field = fields_[name];
  if (field.adopting) {
    if (value != field.here && now - *field.adopting < kAdoptIn) return {};
    field.adopting.reset();
  }
  if (!field.seen || value != field.here) {
    field.dirty = field.seen || (value != otherwise && field.agreed.version == 0);
    field.seen = true;
    field.here = value;
    if (field.agreed.version > 0 && value == field.agreed.value) field.dirty = false;
  }
  const bool waits = field.asked && now - field.asked_at < kAskAgain;
  if (!field.dirty || !known_ || waits) return {};
  field.asked = SharedOrder{field.agreed.version, self_, value};
  field.asked_at = now;
  return {.ask = field.asked};
}

SharedOrders::Step SharedOrders::there(const std::string& name, const SharedOrder& order, Instant now) {
  Field& field = fields_[name];
  if (order == field.agreed) return {};
  if (order.version < field.agreed.version) {  // it has forgotten
    field.agreed = order;
    field.dirty = order.version == 0 || field.here != order.value;
    return {};
  }
  const bool differs = !field.seen || field.here != order.value;
  const bool conflict = field.dirty && differs;
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
  if (!field.asked) return {};
  const SharedOrder asked = *field.asked;
  field.asked.reset();
  if (instead) return there(name, *instead, now);
  if (asked.version + 1 < field.agreed.version) return {};
  field.agreed = {asked.version + 1, self_, asked.value};
  field.dirty = field.here != asked.value;
  return {};
}

void SharedOrders::set_known(bool known) {
  known_ = known;
  if (!known)
    for (auto& [name, field] : fields_) field.asked.reset();
}

}  // namespace finishline::peers
