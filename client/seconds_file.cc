#include "client/seconds_file.h"

#include <array>
#include <cstdio>

#include "lb/model/trace.h"

namespace finishline::client {
namespace {

std::string fixed(double value) {
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), ",%.3f", value);
  return text.data();
}

std::string micros(Nanos span) { return fixed(static_cast<double>(span.count()) / 1e3); }

}  // namespace

std::variant<SecondsFile, std::string> SecondsFile::create(const std::string& path) {
  auto file =
      LineFile::create(path, "time_s,sent,ok,failed,open,ok_per_s,mean_us,p50_us,p90_us,p99_us,max_us");
  if (auto* problem = std::get_if<std::string>(&file)) return std::move(*problem);
  return SecondsFile(std::move(std::get<LineFile>(file)), path);
}

void SecondsFile::add(Nanos at, const Interval& interval, std::size_t open_now) {
  std::string& line = file_.pending();
  const double span = to_seconds(at - last_);
  model::append_seconds(line, at);
  for (const std::uint64_t count : {interval.sent, interval.ok, interval.failed, std::uint64_t{open_now}})
    line.append(",").append(std::to_string(count));
  line += fixed(span > 0 ? static_cast<double>(interval.ok) / span : 0);
  line += micros(interval.latency.mean());
  for (const double percent : {50.0, 90.0, 99.0}) line += micros(interval.latency.percentile(percent));
  line += micros(interval.latency.max()) + "\n";
  last_ = at;
  file_.flush();
}

std::string SecondsFile::close() {
  const std::string problem = file_.close();
  return problem.empty() ? problem : "cannot write " + path_ + ": " + problem;
}

}  // namespace finishline::client
