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

http::HttpReply ReloadService::ask() {
  ++asked_;
  http::HttpReply before = tell();
  before.status = 202;
  if (!process::send_order(line_, {.kind = Order::Kind::reload, .revision = asked_}))
    return http::error_reply(503, "the master does not answer");
  return before;
}

http::HttpReply ReloadService::ask_upgrade() {
  http::HttpReply before = tell();
  before.status = 202;
  if (!process::send_order(line_, {.kind = Order::Kind::upgrade}))
    return http::error_reply(503, "the master does not answer");
  return before;
}

bool ReloadService::send(const std::string& overlay) const {
  return process::send_order(line_, {.kind = Order::Kind::overlay, .text = overlay});
}

http::HttpReply ReloadService::tell() {
  const ledger::RevisionStatus status = ledger::revision_status(ledger_);
  read_answers();  // the master tells the reasons before it counts the refusal
  const nlohmann::ordered_json page = {{"file", file_},
                                       {"revision", status.revision},
                                       {"refused", status.reloads_refused},
                                       {"problems", problems_},
                                       {"control", ::getpid()},
                                       {"asked", asked_},
                                       {"begun",
                                        {{"asked", begun_},
                                         {"revision", before_begun_.revision},
                                         {"refused", before_begun_.reloads_refused}}}};
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
    problems_ = std::move(order.text);
  } else if (order.kind == Order::Kind::reload) {
    begun_ = order.revision;
    before_begun_ = ledger::revision_status_in(order.text).value_or(before_begun_);
  } else {
    obey_(order);
  }
}

}  // namespace finishline::control
