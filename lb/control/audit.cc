#include "lb/control/audit.h"

#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

#include "lb/log/log.h"

namespace finishline::control {
namespace {

using AuditJson = nlohmann::ordered_json;

constexpr std::size_t kMostTold = 200;  // bytes of a body

double unix_time() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

Audit::Audit(const std::string& directory) : file_(directory.empty() ? "" : directory + "/audit.jsonl") {
  std::ifstream before(file_);
  for (std::string line; !file_.empty() && std::getline(before, line);)
    if (AuditJson::accept(line)) keep(std::move(line));
}

void Audit::keep(std::string line) {
  lines_.push_back(std::move(line));
  if (lines_.size() > kKept) lines_.pop_front();
}

void Audit::note(const http::HttpRequest& request, const http::HttpReply& reply,
                 const Access::Caller& caller) {
  const bool changes = request.path != "/api/v1/session" && request.path != "/api/v1/forecast";
  if (!changes || reply.status >= 300) return;
  const std::string action = std::string(name_of(request.method)) + " " + request.path;
  const std::string body = request.body.substr(0, kMostTold);
  const AuditJson after = AuditJson::parse(body, nullptr, false);
  const AuditJson told = AuditJson::parse(reply.body, nullptr, false);
  const AuditJson entry = {{"time", unix_time()},
                           {"who", caller.name},
                           {"from", request.peer},
                           {"action", action},
                           {"subject", request.name},
                           {"before", told.is_object() ? told.value("was", AuditJson()) : AuditJson()},
                           {"after", after.is_discarded() ? AuditJson(body) : after},
                           {"survives", told.is_object() && told.value("survives_restart", false)}};
  std::string line = entry.dump(-1, ' ', false, AuditJson::error_handler_t::replace);
  log::write(log::Event::changed,
             {{"who", caller.name}, {"from", request.peer}, {"what", action}, {"to", body}});
  if (!file_.empty()) std::ofstream(file_, std::ios::app) << line << '\n';
  keep(std::move(line));
}

http::HttpReply Audit::page() const {
  std::string entries;
  for (auto line = lines_.rbegin(); line != lines_.rend(); ++line)
    entries += (entries.empty() ? "" : ",") + *line;
  return {200, "application/json", "{\"entries\":[" + entries + "]}\n", {{"Cache-Control", "no-store"}}};
}

}  // namespace finishline::control
