#include "servers/status.h"

#include <charconv>
#include <nlohmann/json.hpp>
#include <string_view>

#include "proto/quantity.h"

namespace finishline::server {
namespace {

class Text {
 public:
  void family(std::string_view name, std::string_view kind, std::string_view help) {
    name_ = name;
    text_.append("# HELP ").append(name).append(" ").append(help).append("\n");
    text_.append("# TYPE ").append(name).append(" ").append(kind).append("\n");
  }
  template <class Number>
  void sample(Number value, std::string_view labels = "") {
    char digits[64];
    const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    text_.append(name_).append(labels).append(" ").append(digits, end).append("\n");
  }
  template <class Number>
  void add(std::string_view name, std::string_view kind, std::string_view help, Number value) {
    family(name, kind, help);
    sample(value);
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
  std::string_view name_;
};

double seconds(Nanos span) { return static_cast<double>(span.count()) / 1e9; }

}  // namespace

proto::ServerVitals vitals_of(const ServerStatus& status) {
  return {.cpu_percent = 100 * status.cpu_ratio,
          .memory_bytes = status.usage.resident_bytes,
          .slots = status.slots,
          .backlog_us = static_cast<std::uint64_t>(status.backlog / 1us),
          .cancel = true};
}

std::string sentence_of(const ServerStatus& status) {
  return "A " + status.type + " server, up " + human(status.uptime) + (status.draining ? ", draining" : "") +
         ": " + std::to_string(status.received) + " requests so far, " + std::to_string(status.queued) +
         " in work or waiting, " + std::to_string(status.connections) + " connections.\n";
}

std::string metrics_of(const ServerStatus& status) {
  Text text;
  text.add("process_cpu_seconds_total", "counter", "user and system time of this process",
           seconds(status.usage.cpu));
  text.add("process_resident_memory_bytes", "gauge", "memory that it has touched",
           status.usage.resident_bytes);
  text.add("reference_server_uptime_seconds", "gauge", "time since it began", seconds(status.uptime));
  text.add("reference_server_connections", "gauge", "open connections", status.connections);
  text.add("reference_server_slots", "gauge", "requests that it works on at once", status.slots);
  text.add("reference_server_requests_queued", "gauge", "requests in work or waiting", status.queued);
  text.add("reference_server_backlog_seconds", "gauge", "work that it still has", seconds(status.backlog));
  text.add("reference_server_requests_total", "counter", "requests that came", status.received);
  text.family("reference_server_answers_total", "counter", "answers, by status");
  for (std::size_t i = 0; i < status.answered.size(); ++i)
    if (status.answered[i] > 0)
      text.sample(status.answered[i],
                  "{status=\"" + std::string(name_of(static_cast<proto::Status>(i))) + "\"}");
  return text.take();
}

std::string data_of(const Options& options) {
  using Json = nlohmann::ordered_json;
  Json requests = Json::object();
  const auto& types = options.cost.request_types();
  for (std::size_t i = 0; i < types.size(); ++i) {
    const double nanos =
        options.cost.nanos_per_unit(options.type, static_cast<RequestType>(i), options.speed);
    requests[types[i].name] = nanos < 1e18 ? Json(nanos / 1e6) : Json(nullptr);
  }
  const Json page = {{"server_type", options.cost.server_types()[options.type]},
                     {"speed", options.speed},
                     {"slots", options.slots},
                     {"ms_per_unit", std::move(requests)}};
  return page.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace finishline::server
