#include "lb/cli/history_command.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "lb/cli/admin_client.h"
#include "lb/cli/history_pieces.h"
#include "lb/cli/json_output.h"
#include "lb/cli/series_text.h"
#include "lb/control/series_file.h"
#include "proto/quantity.h"

namespace finishline::cli {
namespace {

constexpr double kMostTimes = 1e9;

/// As written on the command line.
struct ImportOptions {
  std::string action, pool, file;
  std::string series = "rate", overlap = "refuse", per = "1s";
  double times = 1;
  bool until_now = false, dry_run = false, json = false;
};

/// What the proxy has said of all pieces.
struct ImportOutcome {
  std::int64_t from = 0, to = 0, overlap_s = 0;
  std::size_t values = 0;
  std::int64_t step = 1;
};

int refuse_import(const std::string& problem) {
  std::fprintf(stderr, "finishline history: %s\n", problem.c_str());
  return kBadUse;
}

/// What is to be brought.
struct ImportTask {
  std::vector<HistoryPiece> pieces;
  std::size_t values = 0;
  std::int64_t step = 1;
};

std::variant<ImportTask, std::string> import_task(const ImportOptions& options) {
  auto parsed = samples_in(options.file);
  if (auto* problem = std::get_if<std::string>(&parsed)) return std::move(*problem);
  auto& samples = std::get<std::vector<forecast::LoadSample>>(parsed);
  ImportTask task{.pieces = {}, .values = samples.size(), .step = forecast::usual_step(samples)};
  const auto now = std::chrono::system_clock::now().time_since_epoch() / std::chrono::seconds(1);
  const auto last = std::ranges::max_element(samples, {}, &forecast::LoadSample::time_s);
  const auto end = static_cast<std::int64_t>(last->time_s) + task.step;
  const auto per = parse_duration(options.per);
  if (!per || *per <= 0ns) return "--per: " + duration_problem(options.per);
  const HistoryChange change{.times = options.times / to_seconds(*per),
                             .later_by = options.until_now ? weeks_until(now, end) : 0};
  auto pieces = history_pieces(std::move(samples), change, task.step);
  if (const auto* problem = std::get_if<std::string>(&pieces)) return options.file + ": " + *problem;
  task.pieces = std::move(std::get<std::vector<HistoryPiece>>(pieces));
  return task;
}

std::string path_of(const ImportOptions& options, const HistoryPiece& piece, std::int64_t step, bool dry) {
  std::string path = "/api/v1/pools/" + options.pool + "/history?series=" + options.series +
                     "&overlap=" + options.overlap + "&step=" + std::to_string(step);
  if (piece.from > 0) path += "&from=" + std::to_string(piece.from);
  if (piece.to > 0) path += "&to=" + std::to_string(piece.to);
  return dry ? path + "&dry_run=true" : path;
}

/// Nothing after a complaint.
std::optional<ImportOutcome> send_all(const AdminCommand& command, const ImportOptions& options,
                                      const ImportTask& task, bool dry) {
  ImportOutcome all{.values = task.values, .step = task.step};
  for (const HistoryPiece& piece : task.pieces) {
    const auto body = command.put(path_of(options, piece, task.step, dry), piece.csv, "text/csv");
    if (!body) return std::nullopt;
    const auto reply = nlohmann::json::parse(*body, nullptr, false);
    if (!reply.is_object() || !reply.contains("overlap_s")) {
      command.complain_of_stranger();
      return std::nullopt;
    }
    const auto number = [&](const char* key) {
      return reply[key].is_number() ? reply[key].get<std::int64_t>() : std::int64_t{0};
    };
    all.overlap_s += number("overlap_s");
    const std::int64_t from = number("from");
    if (from > 0 && (all.from == 0 || from < all.from)) all.from = from;
    all.to = std::max(all.to, number("to"));
  }
  return all;
}

int tell_import(const ImportOptions& options, const ImportOutcome& all) {
  if (options.json)
    return print_json({{"pool", options.pool},
                       {"series", options.series},
                       {"values", all.values},
                       {"step_s", all.step},
                       {"from", all.from},
                       {"to", all.to},
                       {"overlap_s", all.overlap_s},
                       {"dry_run", options.dry_run}});
  std::string text = options.pool + ": " + options.series +
                     (options.dry_run ? " would be known" : " is known") + " from " +
                     control::time_text(all.from) + " to " + control::time_text(all.to) + " by " +
                     counted(all.values, "value") + " of " + step_text(all.step);
  if (all.overlap_s > 0)
    text += "; other values were known for " + human(std::chrono::seconds(all.overlap_s)) + " of it, which " +
            (options.overlap == "keep" ? "stay" : "are replaced");
  std::puts(text.c_str());
  return 0;
}

/// Of several pieces all are looked at before the first is written.
int run_import(const AdminCommand& command, const ImportOptions& options) {
  const auto read = import_task(options);
  if (const auto* problem = std::get_if<std::string>(&read)) return refuse_import(*problem);
  const auto& task = std::get<ImportTask>(read);
  if (task.pieces.size() > 1 && !options.dry_run && !send_all(command, options, task, true))
    return command.failure();
  const auto all = send_all(command, options, task, options.dry_run);
  if (!all) return command.failure();
  if (all->from == 0)
    return refuse_import(
        options.file +
        ": nothing of it is kept: a history goes back two years, and values have to hold for "
        "five seconds at least; --until-now moves them into the last weeks");
  return tell_import(options, *all);
}

std::string use_problem(const ImportOptions& options) {
  if (options.action != "import") return "say import, not '" + options.action + "'";
  if (options.overlap != "refuse" && options.overlap != "keep" && options.overlap != "replace")
    return "--overlap: refuse, keep or replace, not '" + options.overlap + "'";
  return {};
}

}  // namespace

int run_history_command(int argc, char** argv) {
  ImportOptions options;
  AdminCommand command(
      "Brings what was measured before the proxy was there into its history, so that it forecasts from the "
      "first day on",
      "finishline history");
  using Presence = AdminCommand::Presence;
  command.add_word("import", options.action, Presence::required, "what is done: import");
  command.add_word("POOL", options.pool, Presence::required, "the pool's name in the configuration");
  command.add_word("FILE.csv", options.file, Presence::required, "a CSV file with the columns time,value");
  command.add_text(
      "--series", options.series,
      "what the values are: rate, requests (or streams) a second; or work.TYPE, units of length a "
      "second of that type, by which pools are scaled [rate]");
  command.add_text(
      "--overlap", options.overlap,
      "where the proxy knows other values already: refuse all, keep what is known, or replace it "
      "[refuse]");
  command.add_text("--per", options.per,
                   "in what time so many came, as 1m where requests a minute were counted [1s]");
  command.add_positive(
      "--times", options.times, kMostTimes,
      "multiply each value, as by the mean length where requests were counted and work is wanted");
  command.add_flag("--until-now", options.until_now,
                   "move all times by whole weeks, so that the last is within the past week");
  command.add_flag("--dry-run", options.dry_run, "only say what would come of it");
  command.add_json_flag(options.json);
  command.add_examples(
      {"finishline history import media load.csv -c finishline.toml",
       "finishline history import media video.csv --series work.video --times 3.5 --overlap keep "
       "-c finishline.toml"});
  if (const auto code = command.parse(argc, argv)) return *code;
  if (const std::string problem = use_problem(options); !problem.empty()) return refuse_import(problem);
  if (!command.send_token()) return kBadUse;
  return run_import(command, options);
}

}  // namespace finishline::cli
