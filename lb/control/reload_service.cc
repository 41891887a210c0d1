#include "lb/control/reload_service.h"

#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "lb/http/error_reply.h"
#include "lb/log/log.h"

namespace finishline::control {

using process::Order;

ReloadService::ReloadService(net::Loop& loop, const ledger::Ledger& ledger, int line, const std::string& file,
                             std::function<void(const Order&)> obey)
    : ledger_(ledger),
      line_(line),
      file_(std::filesystem::absolute(file).lexically_normal().string()),
      obey_(std::move(obey)),
      readable_(loop, line, [this] { read_answers(); }) {}

void ReloadService::Askings::begin(std::uint32_t number, const ledger::RevisionStatus& before) {
  begun = number;
  before_begun = before;
  problems.clear();
}

void ReloadService::Askings::end(const ledger::RevisionStatus& after) {
  ended = {begun, after.reloads_refused > before_begun.reloads_refused, after.revision, std::move(problems)};
}

nlohmann::ordered_json ReloadService::Askings::told() const {
  return {
      {"asked", asked},
      {"begun",
       {{"asked", begun}, {"revision", before_begun.revision}, {"refused", before_begun.reloads_refused}}},
      {"ended",
       {{"asked", ended.asked},
        {"refused", ended.refused},
        {"revision", ended.revision},
        {"problems", ended.problems}}}};
}

http::HttpReply ReloadService::ask() { return ask(reloads_, Order::Kind::reload); }

http::HttpReply ReloadService::ask_upgrade() { return ask(upgrades_, Order::Kind::upgrade); }

http::HttpReply ReloadService::ask(Askings& askings, Order::Kind kind) {
  ++askings.asked;
  http::HttpReply before = tell();
  before.status = 202;
  if (!process::send_order(line_, {.kind = kind, .revision = askings.asked}))
    return http::error_reply(503, "the master does not answer");
  return before;
}

bool ReloadService::send(std::uint32_t number, const std::string& overlay) const {
  return process::send_order(line_, {.kind = Order::Kind::overlay, .revision = number, .text = overlay});
}

http::HttpReply ReloadService::tell() {
  const ledger::RevisionStatus status = ledger::revision_status(ledger_);
  read_answers();  // the master tells the reasons before it counts the refusal
  nlohmann::ordered_json page = {{"file", file_},
                                 {"revision", status.revision},
                                 {"refused", status.reloads_refused},
                                 {"problems", problems_},
                                 {"control", ::getpid()}};
  page.update(reloads_.told());
  page["upgrade"] = upgrades_.told();
  return {200, "application/json",
          page.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n"};
}

void ReloadService::read_answers() {
  for (;;) {
    process::Received received = process::receive_order(line_);
    if (!received.order) return;
    if (received.order->kind == Order::Kind::log && received.file) log::continue_in(received.file.release());
    take(std::move(*received.order));
  }
}

void ReloadService::take(Order order) {
  if (order.kind == Order::Kind::refused) {
    if (last_begun_ != nullptr) last_begun_->problems = order.text;
    problems_ = std::move(order.text);
  } else if (order.kind == Order::Kind::reload || order.kind == Order::Kind::upgrade) {
    begin(order.kind == Order::Kind::reload ? reloads_ : upgrades_, order);
  } else {
    obey_(order);
  }
}

void ReloadService::begin(Askings& askings, const Order& order) {
  const auto counted = ledger::revision_status_in(order.text).value_or(askings.before_begun);
  if (last_begun_ != nullptr) last_begun_->end(counted);
  askings.begin(order.revision, counted);
  last_begun_ = &askings;
}

}  // namespace finishline::control
