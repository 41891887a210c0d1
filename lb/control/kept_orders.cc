#include "lb/control/kept_orders.h"

#include <nlohmann/json.hpp>

#include "lb/ledger/scaled_server.h"
#include "lb/sched/policies.h"

namespace finishline::control {
namespace {

using OrdersJson = nlohmann::ordered_json;

/// Those of a scaled pool drain and come as the scaler wants it.
bool is_drained(const ledger::Ledger& ledger, ledger::ServerId id) {
  return ledger.state(id) != ledger::ServerState::absent && ledger.admin(id) == ledger::AdminState::drain &&
         !ledger::scaled_server(ledger, id).reserved;
}

}  // namespace

KeptOrders::KeptOrders(const std::string& state_dir, const ledger::Ledger& ledger,
                       const PolicyService& policies)
    : ledger_(ledger), policies_(policies), file_(state_dir.empty() ? "" : state_dir + "/orders.json") {}

OrdersJson KeptOrders::in_force() const {
  OrdersJson drained = OrdersJson::array(), policies = OrdersJson::object();
  for (ledger::ServerId id = 0; id < ledger_.server_count(); ++id)
    if (is_drained(ledger_, id)) drained.push_back(ledger_.server_name(id));
  for (ledger::PoolId id = 0; id < pool_count(ledger_); ++id) {
    const ledger::PoolPolicy it = pool_policy(ledger_, id);
    if (it.chosen != it.configured && policies_.find(pool_name(ledger_, id)) == id)
      policies[std::string(pool_name(ledger_, id))] = {{"policy", sched::name_of_choice(it.chosen)},
                                                       {"file", sched::name_of_choice(it.configured)}};
  }
  return {{"drained", std::move(drained)}, {"policies", std::move(policies)}};
}

bool KeptOrders::keep() {
  return file_.keep(in_force().dump(1, ' ', false, OrdersJson::error_handler_t::replace) + '\n');
}

}  // namespace finishline::control
