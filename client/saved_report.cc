#include "client/saved_report.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "lb/model/input_file.h"

namespace finishline::client {
namespace {

using Json = nlohmann::json;

/// Reads the members of a report; what is wrong with the first that is not as it should be.
class ReportReader {
 public:
  explicit ReportReader(const Json& report) : report_(report) {}

  /// At least 0.
  double number(const char* key) {
    if (const Json* const value = find(key)) return number_of(*value, key);
    return 0;
  }
  std::optional<double> number_or_null(const char* key) {
    const Json* const value = find(key);
    if (value == nullptr || value->is_null()) return std::nullopt;
    return number_of(*value, key);
  }
  double number_in(const char* object, const char* key) {
    const Json* const found = find(object);
    if (found == nullptr) return 0;
    return number_of(found->is_object() ? found->value(key, Json()) : Json(), object);
  }
  std::string text(const char* key) {
    const Json* const value = find(key);
    if (value != nullptr && value->is_string()) return value->get<std::string>();
    return fault(std::string("\"") + key + "\" is no text"), std::string();
  }
  /// The lists `first` and `second` of the object `key`, which are equally long.
  std::vector<std::pair<double, double>> pairs(const char* key, const char* first, const char* second);

  const std::string& problem() const { return problem_; }

 private:
  const Json* find(const char* key) {
    const auto at = report_.find(key);
    if (at != report_.end()) return &*at;
    return fault(std::string("it has no \"") + key + "\""), nullptr;
  }
  double number_of(const Json& value, const char* key) {
    const double number = value.is_number() ? value.get<double>() : -1;
    if (number >= 0 && std::isfinite(number)) return number;
    return fault(std::string("\"") + key + "\" has what is no number of 0 or more"), 0;
  }
  void fault(const std::string& words) {
    if (problem_.empty()) problem_ = words;
  }

  const Json& report_;
  std::string problem_;
};

std::vector<std::pair<double, double>> ReportReader::pairs(const char* key, const char* first,
                                                           const char* second) {
  static const Json kNothing = Json::object();
  const Json* const found = find(key);
  const Json& object = found != nullptr && found->is_object() ? *found : kNothing;
  const Json a = object.value(first, Json()), b = object.value(second, Json());
  std::vector<std::pair<double, double>> all;
  if (!a.is_array() || !b.is_array() || a.size() != b.size())
    fault(std::string("\"") + key + "\" has no lists \"" + first + "\" and \"" + second + "\" of one length");
  for (std::size_t i = 0; problem_.empty() && i < a.size(); ++i)
    all.emplace_back(number_of(a[i], key), number_of(b[i], key));
  return all;
}

SavedReport read_members(ReportReader& reader, const std::string& file) {
  SavedReport report;
  report.file = file;
  report.requests = reader.number("requests");
  report.ok = reader.number("ok");
  report.throughput = reader.number("throughput_rps");
  report.makespan_s = reader.number_or_null("makespan_s");
  report.ratio = reader.number_or_null("ratio");
  report.cpu_s = reader.number("client_cpu_s");
  report.mean_us = reader.number_in("latency_us", "mean");
  report.connections = reader.number("connections");
  report.arrivals = reader.text("arrivals");
  report.protocol = reader.text("protocol");
  report.pool = reader.text("pool");
  report.policy = reader.text("policy");
  for (const auto& [at_most, count] : reader.pairs("latency_histogram", "at_most_us", "counts"))
    report.latencies.push_back({at_most, count});
  for (const auto& [ok, latency] : reader.pairs("slices", "ok", "latency_us"))
    report.slices.push_back({ok, latency});
  return report;
}

/// What the numbers say of each other.
std::string contradiction_in(const SavedReport& report) {
  double latencies = 0, before = -1;
  for (const SavedReport::Part& part : report.latencies) {
    if (part.at_most_us <= before) return "the times of its \"latency_histogram\" do not rise";
    before = part.at_most_us;
    latencies += part.count;
  }
  if (latencies != report.ok) return "its \"latency_histogram\" does not add up to \"ok\"";
  return report.ok > report.requests ? "it has more \"ok\" than \"requests\"" : "";
}

}  // namespace

std::variant<SavedReport, std::string> parse_report(std::string_view text, const std::string& file) {
  const Json json = Json::parse(text, nullptr, false);
  std::string problem = json.is_object() ? "" : "it is no JSON object";
  if (problem.empty()) {
    ReportReader reader(json);
    SavedReport report = read_members(reader, file);
    problem = reader.problem().empty() ? contradiction_in(report) : reader.problem();
    if (problem.empty()) return report;
  }
  return file + " is no report of this version of finishline-client: " + problem +
         "; have one written by finishline-client HOST:PORT --json " + file;
}

std::variant<SavedReport, std::string> read_report(const std::string& file) {
  const model::InputText read = model::read_input(file, "a report");
  const std::string remedy = "; have it written by finishline-client HOST:PORT --json " + file;
  if (!read.problem.empty()) return read.problem + remedy;
  if (read.text.empty()) return file + " is empty" + remedy;
  return parse_report(read.text, file);
}

}  // namespace finishline::client
