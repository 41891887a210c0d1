// What the API changes of the configuration: servers, costs, limits of listeners and pools, and what has been
// changed so far. Requests in, edits of the overlay out; change_service.h puts them in force. Control
// process.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "lb/config/key_table.h"
#include "lb/control/admin_api.h"
#include "lb/control/change_service.h"
#include "lb/http/router.h"

namespace finishline::control {

class ChangeApi {
 public:
  /// `mark` tells the page of a line. All outlive it.
  ChangeApi(ChangeService& changes, AdminApi& orders, std::function<void(std::string)> mark)
      : changes_(changes), orders_(orders), mark_(std::move(mark)) {}

  /// Called when all changes have been taken back.
  void watch_taking_back(std::function<void()> watcher) { taken_back_ = std::move(watcher); }
  /// The router outlives this.
  void add_routes(http::HttpRouter& router);

  /// Keys of [alert.NAME] over those of the file: see AlertApi::KeepRule.
  HttpReply keep_rule(const std::string& name, const nlohmann::ordered_json& keys,
                      std::function<nlohmann::ordered_json()> answer);

 private:
  HttpReply patch_server(const HttpRequest& request);
  HttpReply add_server(const HttpRequest& request);
  HttpReply remove_server(const HttpRequest& request);
  HttpReply patch_part(config::Section section, const HttpRequest& request);
  HttpReply put_costs(const HttpRequest& request);
  HttpReply forget(const HttpRequest& request);
  HttpReply told();
  HttpReply export_all() const;

  ChangeService& changes_;
  AdminApi& orders_;
  std::function<void(std::string)> mark_;
  std::function<void()> taken_back_ = [] {};
};

}  // namespace finishline::control
