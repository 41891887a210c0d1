#include "lb/control/shared_changes.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "lb/control/shared_part.h"
#include "lb/ledger/nodes.h"
#include "lb/log/log.h"

namespace finishline::control {
namespace {

constexpr std::size_t kMostOfUnread = 100;  // bytes of what cannot be read
constexpr Nanos kAgain = 1s;  // after the master was silent, and until what stands in the engine is known

/// The words of a refusal, which are for an operator's program.
std::string words_of(const http::HttpReply& reply) {
  const auto body = nlohmann::json::parse(reply.body, nullptr, false);
  return body.is_object() ? body.value("/error/message"_json_pointer, reply.body) : reply.body;
}

}  // namespace

SharedChanges::SharedChanges(net::Loop& loop, ledger::Ledger& ledger, ChangeService& changes, Actions actions)
    : loop_(loop), ledger_(ledger), changes_(changes), actions_(std::move(actions)), orders_("") {
  parts_ = shared_parts(changes_.overlay());
  for (const auto& [part, text] : parts_) orders_.begins(part, text, kAsInFile);
  changes_.watch([this](bool adopted) { note_change(adopted); });
}

void SharedChanges::set_name(const std::string& name) {
  name_ = name;
  orders_.set_self(name);
}

// --- what is changed here -------------------------------------------------------------------------------

void SharedChanges::note_change(bool adopted) {
  auto parts = shared_parts(changes_.overlay());
  std::set<std::string> names;
  for (const auto* const all : {&parts_, &parts})
    for (const auto& [name, text] : *all) names.insert(name);
  const auto text_in = [](const auto& all, const std::string& name) {
    const auto part = all.find(name);
    return part == all.end() ? kAsInFile : part->second;
  };
  for (const std::string& name : names) {
    if (adopted || text_in(parts, name) == text_in(parts_, name)) continue;
    orders_.ordered(name, text_in(parts, name), kAsInFile);
    wanted_.erase(name);
    left_out_.erase(name);
  }
  parts_ = std::move(parts);
  wanted_.merge(std::exchange(left_out_, {}));  // it may fit now
}

void SharedChanges::take_back() {
  for (const auto& [name, order] : std::exchange(left_out_, {})) orders_.ordered(name, kAsInFile, kAsInFile);
  for (const auto& [name, order] : std::exchange(wanted_, {})) orders_.ordered(name, kAsInFile, kAsInFile);
}

void SharedChanges::look() {
  const Instant now = loop_.now();
  if (name_.empty()) return;
  if (!known_ && now - table_asked_at_ >= kAgain) {
    table_asked_at_ = now;
    actions_.tell_peer("");
  }
  for (const std::string& part : orders_.fields())
    if (const auto step = orders_.due(part, now); step.ask)
      actions_.tell_peer(peers::to_table({{part, to_text(*step.ask)}}));
  if (now >= retry_at_) adopt_all();
}

// --- what others have changed ---------------------------------------------------------------------------

void SharedChanges::take(const std::string& table) {
  auto there = peers::table_of(table);
  orders_.set_floor(peers::floor_in(there));
  there.erase(std::string(peers::kFloorField));
  for (const std::string& part : orders_.fields()) there.emplace(part, "");
  known_ = true;
  orders_.set_known(true);
  for (const auto& [part, text] : there) {
    auto order = text.empty() ? peers::SharedOrder{} : peers::shared_order_of(text);
    if (order) {
      hear(part, std::move(*order));
    } else {
      leave_out(part, {.value = text.substr(0, kMostOfUnread)}, "it cannot be read, and does not count");
      orders_.set_otherwise(part, kAsInFile);
      orders_.unreadable(part);
    }
  }
  adopt_all();
}

void SharedChanges::hear(const std::string& part, peers::SharedOrder order) {
  if (order.version > 0) {
    const auto same = same_part(part, order.value);
    if (!same) {
      orders_.pass_over(part, order);
      return leave_out(part, order, "it is none that this version knows");
    }
    order.value = *same;
  }
  orders_.set_otherwise(part, kAsInFile);
  const auto step = orders_.there(part, order, loop_.now());
  if (!step.adopt) return;
  note_order(ledger_, step.conflict ? ledger::OrderNews::conflict : ledger::OrderNews::adopted);
  log::write(step.conflict ? log::Event::order_conflict : log::Event::order_adopted,
             {{"what", part}, {"value", order.value}, {"by", order.by}, {"version", order.version}});
  left_out_.erase(part);
  wanted_.insert_or_assign(part, order);
}

/// Whether it is still what is to stand here: neither another one nor an operator here has come between.
bool SharedChanges::holds(const std::string& part, const peers::SharedOrder& order) const {
  const auto wanted = wanted_.find(part);
  return wanted != wanted_.end() && wanted->second == order;
}

void SharedChanges::adopt_all() {
  if (asked_ > 0 || wanted_.empty()) return;
  ask_for(Orders(wanted_));
}

void SharedChanges::ask_for(const Orders& batch) {
  ++asked_;
  const http::HttpReply reply =
      changes_.ask({.edit = [this, batch](const config::Table&,
                                          config::Overlay& overlay) -> std::optional<http::HttpReply> {
                      for (const auto& [part, order] : batch)
                        if (holds(part, order)) put_part(overlay, part, order.value);
                      return std::nullopt;
                    },
                    .part = {},
                    .answer = [](const config::Table&) { return nlohmann::ordered_json::object(); },
                    .adopted = true});
  reply.later->take([this, batch](const http::HttpReply& answer) { conclude(batch, answer); });
}

/// One that cannot be carried out is no reason to leave out the others.
void SharedChanges::conclude(const Orders& batch, const http::HttpReply& reply) {
  --asked_;
  if (reply.status == 503) {
    retry_at_ = loop_.now() + kAgain;
  } else if (reply.status >= 400 && batch.size() > 1) {
    for (const auto& [part, order] : batch) ask_for({{part, order}});
  } else {
    for (const auto& [part, order] : batch) {
      if (!holds(part, order)) continue;
      const std::string why =
          reply.status >= 400 ? words_of(reply) : idle_reason(changes_.document(), part, order.value);
      wanted_.erase(part);
      if (reply.status >= 400) left_out_.insert_or_assign(part, order);
      orders_.note_left_out(part, !why.empty());
      if (!why.empty()) leave_out(part, order, why);
      if (reply.status < 400)
        actions_.mark(part.substr(peers::kChangeField.size()) + ": " + order.value + " by " + order.by);
    }
  }
}

void SharedChanges::leave_out(const std::string& part, const peers::SharedOrder& order,
                              const std::string& reason) {
  if (!told_.emplace(part, order.version).second) return;
  note_order(ledger_, ledger::OrderNews::left_out);
  log::write(log::Event::order_left_out, {{"what", part},
                                          {"value", order.value},
                                          {"by", order.by},
                                          {"version", order.version},
                                          {"reason", reason}});
}

}  // namespace finishline::control
