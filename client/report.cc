#include "client/report.h"

#include <array>
#include <cstdio>
#include <string_view>
#include <utility>

#include "client/histogram_chart.h"
#include "client/report_facts.h"
#include "client/table.h"
#include "proto/quantity.h"

namespace finishline::client {
namespace {

std::string fixed(double value, int decimals) {
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
  return text.data();
}

std::string per_cent(double part) { return fixed(part * 100, 1) + " %"; }

std::string time_or_dash(Nanos span) { return span > 0ns ? human(span) : "-"; }

std::string headline(const Report& report) {
  std::string text = report.address + "  " + report.protocol + "  " + report.arrivals + "  " +
                     counted(report.connections, "connection") + "  seed " + std::to_string(report.seed) +
                     "\n";
  if (!report.pool.empty())
    text += "pool " + report.pool + "  policy " + report.policy + "  " +
            counted(report.servers.size(), "server") + "\n";
  return text;
}

std::string request_line(const Tally& tally) {
  std::string line = human_count(tally.sent()) + " sent, " + human_count(tally.ok()) + " ok";
  if (const auto failed = failed_requests(tally); failed > 0) line += ", " + human_count(failed) + " failed";
  if (const auto wrong = tally.all_wrong(); wrong > 0) line += ", " + human_count(wrong) + " wrong";
  if (const auto left = tally.unanswered_requests(); left > 0)
    line += ", " + human_count(left) + " unanswered";
  return line;
}

bool is_refusal(proto::Status status) {
  return status == proto::Status::overloaded || status == proto::Status::draining;
}

/// "10 draining, 2 overloaded".
std::string list_failures(const Tally& tally, bool refusals) {
  std::string text;
  const auto add = [&text](std::string_view name, std::uint64_t count) {
    text += (text.empty() ? "" : ", ") + human_count(count) + " " + std::string(name);
  };
  for (const auto& [status, count] : failures_of(tally))
    if (is_refusal(status) == refusals) add(proto::name_of(status), count);
  if (!refusals && tally.lost_requests() > 0) add("connection_lost", tally.lost_requests());
  return text;
}

/// "" where nothing is known of the servers.
std::string bound_words(const Report& report) {
  if (!report.lower_bound || report.tally.sent() == 0) return {};
  const auto bound = bound_of(report);
  if (!bound) return "-, since not every request was served";
  return human(*bound) + (faster_than_declared(report)
                              ? ", but the servers are faster than declared, or more of them came meanwhile"
                              : ", which no schedule can beat");
}

std::string list_faults(const Tally& tally) {
  std::string text;
  for (const auto& [fault, count] : faults_of(tally))
    text += (text.empty() ? "" : "; ") + human_count(count) + " " + std::string(name_of(fault)) + " (" +
            std::string(help_of(fault)) + ")";
  return text;
}

/// The figures of the whole run, one per line; lines about trouble only where there was some.
std::string summary(const Report& report) {
  const Tally& tally = report.tally;
  Table table(2);
  const auto line = [&table](const char* title, const std::string& value) {
    if (!value.empty()) table.add({title, value});
  };
  line("requests", request_line(tally));
  if (const Tally* const warm_up = report.warm_up; warm_up != nullptr && warm_up->sent() > 0)
    line("warm-up", request_line(*warm_up) + ", in no other figure");
  line("failed", list_failures(tally, false));
  line("refused", list_failures(tally, true));
  line("wrong", list_faults(tally));
  if (tally.retries() + tally.disconnects() > 0)
    line("retries",
         human_count(tally.retries()) + ", after " + human_count(tally.disconnects()) + " lost connections");
  if (tally.refusals() > 0) line("told to wait", human_count(tally.refusals()) + " times, and came again");
  line("makespan", tally.ok() > 0 ? human(tally.makespan()) : "-");
  line("lower bound", bound_words(report));
  if (const auto ratio = ratio_of(report)) line("ratio", fixed(*ratio, 3));
  line("throughput", human_rate(throughput(report)) + " requests/s");
  line("most open", counted(tally.most_open(), "request"));
  if (report.elapsed > 0ns)
    line("client", human(report.own.cpu) + " CPU, busy " + per_cent(busy_part(report)) + " of the run" +
                       (report.threads == 1 ? "" : ", the busiest of " + counted(report.threads, "thread")));
  if (report.open_loop)
    line("sent late", "mean " + human(tally.lateness().mean()) + ", max " + human(tally.lateness().max()));
  return table.text();
}

std::string latency_table(const Report& report) {
  const Histogram& latency = report.tally.latency();
  if (latency.count() == 0) return {};
  Table table(1);
  std::vector<std::string> titles{"latency", "mean"}, values{"", human(latency.mean())};
  for (const Percentile& p : kPercentiles) {
    titles.emplace_back(p.title);
    values.push_back(human(latency.percentile(p.percent)));
  }
  titles.emplace_back("max");
  values.push_back(human(latency.max()));
  table.add(std::move(titles));
  table.add(std::move(values));
  return "\n" + table.text();
}

/// Down to one in 100,000, for those who ask for it.
std::string distribution_table(const Report& report) {
  const Histogram& latency = report.tally.latency();
  if (!report.distribution || latency.count() == 0) return {};
  Table table(0);
  table.add({"of requests", "latency at most"});
  for (const char* const percent : {"10", "25", "50", "75", "90", "95", "99", "99.9", "99.99", "99.999"})
    table.add({std::string(percent) + " %", human(latency.percentile(parse_number(percent).value_or(100)))});
  table.add({"100 %", human(latency.max())});
  return "\n" + table.text();
}

/// Only where the rate changed.
std::string step_table(const Report& report) {
  const auto rows = step_rows(report);
  if (rows.empty()) return {};
  Table table(1);
  table.add({"rate", "from", "sent", "ok", "ok/s", "mean latency", "p50", "p99", "max"});
  for (const StepRow& row : rows) {
    const Histogram& latency = row.tally->latency;
    const std::string to = row.to == row.from ? "" : ".." + human_rate(row.to);
    table.add({human_rate(row.from) + to + "/s", human(row.begin), human_count(row.tally->sent),
               human_count(row.tally->ok), human_rate(row.answered), time_or_dash(latency.mean()),
               time_or_dash(latency.percentile(50)), time_or_dash(latency.percentile(99)),
               time_or_dash(latency.max())});
  }
  return "\n" + table.text();
}

std::string type_table(const Report& report) {
  Table table(1);
  table.add({"type", "sent", "ok", "work", "mean service", "mean latency", "p99"});
  const auto& types = report.tally.types();
  for (std::size_t i = 0; i < types.size(); ++i) {
    const TypeTally& type = types[i];
    if (type.sent == 0) continue;
    table.add({report.cost.request_types()[i].name, human_count(type.sent), human_count(type.ok),
               human_count(type.work), time_or_dash(mean_of(type.service_us, type.ok)),
               time_or_dash(type.latency.mean()), time_or_dash(type.latency.percentile(99))});
  }
  return "\n" + table.text();
}

/// Only where classes were told apart.
std::string priority_table(const Report& report) {
  const auto& classes = report.tally.priorities();
  if (classes[0].sent == report.tally.sent()) return {};
  Table table(1);
  table.add({"priority", "sent", "ok", "work", "mean service", "mean latency", "p99"});
  for (std::size_t i = 0; i < classes.size(); ++i) {
    const TypeTally& one = classes[i];
    if (one.sent == 0) continue;
    table.add({std::to_string(i), human_count(one.sent), human_count(one.ok), human_count(one.work),
               time_or_dash(mean_of(one.service_us, one.ok)), time_or_dash(one.latency.mean()),
               time_or_dash(one.latency.percentile(99))});
  }
  return "\n" + table.text();
}

std::string server_table(const Report& report) {
  const auto rows = server_rows(report);
  if (rows.empty()) return {};
  Table table(2);
  table.add({"server", "type", "ok", "work", "busy", "mean service", "mean latency"});
  for (const ServerRow& row : rows) {
    const auto latency =
        row.tally.ok == 0 ? 0ns : row.tally.latency / static_cast<std::int64_t>(row.tally.ok);
    table.add({row.name, row.type, human_count(row.tally.ok), human_count(row.tally.work),
               per_cent(busy_part(report, row)), time_or_dash(mean_of(row.tally.service_us, row.tally.ok)),
               time_or_dash(latency)});
  }
  return "\n" + table.text();
}

}  // namespace

std::string to_text(const Report& report) {
  std::string text = headline(report) + "\n" + summary(report);
  if (report.tally.sent() > 0)
    text += latency_table(report) + histogram_chart(report.tally.latency()) + distribution_table(report) +
            step_table(report) + type_table(report) + priority_table(report) + server_table(report);
  if (!report.notes.empty()) text += "\n";
  for (const std::string& note : report.notes) text += "note: " + note + "\n";
  return text;
}

}  // namespace finishline::client
