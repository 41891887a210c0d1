#include "lb/master/config_reader.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "lb/config/environment.h"
#include "lb/config/overlay.h"
#include "lb/config/overruled.h"
#include "lb/config/parts.h"
#include "lb/log/log.h"
#include "lb/master/clock.h"
#include "lb/master/files.h"
#include "lb/master/lookups.h"
#include "lb/master/mistakes.h"
#include "lb/master/tls_files.h"
#include "lb/process/order.h"
#include "lb/process/spawn.h"
#include "lb/process/state_file.h"

namespace finishline::master {
namespace {

using ReadResult = std::variant<config::Source, std::vector<std::string>>;

constexpr std::uint32_t kGood = 1;  // in place of a revision; 0: the text is problems, a line each

std::vector<std::string> died(const std::string& file) { return {file + ": its reader died"}; }

bool is_known(const config::Name& name, const config::Source& known) {
  const auto found = known.names.find(name);
  return found != known.names.end() && !std::holds_alternative<std::string>(found->second);
}

void tell_of_failures(const config::NameTable& names, const config::Source& known) {
  for (const auto& [name, found] : names) {
    const auto* why = std::get_if<std::string>(&found);
    if (why == nullptr) continue;
    log::write(
        log::Event::lookup_failed,
        {{"name", name.text}, {"reason", *why}, {"addresses", is_known(name, known) ? "as before" : "none"}});
  }
}

config::NameTable names_now(const std::set<config::Name>& names, const config::Source& known) {
  config::Source fresh;
  fresh.names = look_up_all(names, ConfigReader::kNamePatience);
  tell_of_failures(fresh.names, known);
  config::keep_known(fresh, known);
  return std::move(fresh.names);
}

config::NameTable new_names(const std::set<config::Name>& names, const config::Source& known) {
  std::set<config::Name> open;
  for (const config::Name& name : names)
    if (!known.names.contains(name)) open.insert(name);
  config::NameTable all = names_now(open, known);
  for (const config::Name& name : names)
    if (known.names.contains(name)) all.emplace(name, known.names.at(name));
  return all;
}

/// A line for each problem, and what was read behind an empty one, if anything.
std::string bytes_of_problems(const config::Reading& reading) {
  std::string lines;
  for (const config::Problem& problem : reading.judged.problems)
    lines += config::to_string(problem, reading.source.file) + '\n';
  return reading.source.text.empty() ? lines : lines + '\n' + config::to_bytes(reading.source);
}

std::vector<std::string> in_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

/// A line for each name, "COUNT NAME", and an empty one.
std::string lines_of(const config::LeftOut& left_out) {
  std::string lines;
  for (const auto& [name, count] : left_out) lines += std::to_string(count) + ' ' + name + '\n';
  return lines + '\n';
}

/// Takes them from the front of the text.
config::LeftOut take_left_out(std::string_view& text) {
  config::LeftOut left_out;
  const auto end = text.find("\n\n");
  const bool none = text.starts_with('\n');
  if (!none && end == std::string_view::npos) return left_out;
  for (const std::string& line : in_lines(text.substr(0, none ? 0 : end)))
    left_out[line.substr(line.find(' ') + 1)] = std::stoul(line);
  text.remove_prefix(none ? 1 : end + 2);
  return left_out;
}

/// A line, taken from the front of the text.
std::string take_line(std::string_view& text) {
  const auto end = std::min(text.find('\n'), text.size());
  std::string line(text.substr(0, end));
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

process::Order order_of(const config::Reading& reading, const config::LeftOut& left_out,
                        const std::string& changes_fault) {
  process::Order order{.kind = process::Order::Kind::read};
  if (!reading.judged.problems.empty()) {
    order.text = bytes_of_problems(reading);
  } else {
    order.revision = kGood;
    order.text = lines_of(left_out) + changes_fault + '\n' + config::to_bytes(reading.source);
  }
  return order;
}

/// Changes that the file says by now itself are none any more; where proxies share what operators change,
/// they are those of all, whatever one file says.
void dissolve_changes(config::Reading& reading) {
  const auto overlay = config::Overlay::parse(reading.source.overlay);
  auto document = config::parse_document(reading.source.text);
  auto* const file = std::get_if<config::Table>(&document);
  if (!reading.judged.problems.empty() || !reading.judged.config.peers.name.empty() || file == nullptr ||
      !std::holds_alternative<config::Overlay>(overlay))
    return;
  config::expand(*file, config::process_environment());
  reading.source.overlay = config::without_what_is_so(std::get<config::Overlay>(overlay), *file).text();
}

config::Reading read(ConfigReader::What what, const config::Source& known) {
  config::Reading reading;
  const auto look_up = [&](const std::set<config::Name>& names) {
    const bool all = what == ConfigReader::What::file || what == ConfigReader::What::names;
    return all ? names_now(names, known) : new_names(names, known);
  };
  if (what == ConfigReader::What::file || what == ConfigReader::What::new_names)
    return config::read_source(known.file, look_up, known.overlay);
  reading.source = {.file = known.file, .text = known.text, .names = {}, .overlay = known.overlay};
  reading.source.names = look_up(config::names_in(reading.source));
  reading.judged = config::judge(reading.source);
  return reading;
}

/// At the start of a proxy that has run before: what was changed then stands again. Where it does not fit the
/// file any more, or cannot be read, the file alone is in force. In one line why; "" when all is well.
std::string take_up_overlay(config::Reading& reading, const config::Source& known) {
  const std::string& folder = reading.judged.config.proxy.state_dir;
  if (!reading.judged.problems.empty() || folder.empty()) return "";
  const std::string file = config::overlay_file(folder);
  process::StateText kept = process::read_state(file);
  if (!kept.fault.empty() || kept.text.empty()) return kept.fault;
  const auto overlay = config::Overlay::parse(kept.text);
  if (const auto* problem = std::get_if<config::Problem>(&overlay)) return config::to_string(*problem, file);
  config::Source source = reading.source;
  source.overlay = std::move(kept.text);
  source.names.merge(new_names(config::names_in(source), known));
  config::Judged judged = config::judge(source);
  if (!judged.problems.empty()) return config::to_string(judged.problems.front(), known.file);
  reading = {.source = std::move(source), .judged = std::move(judged)};
  return "";
}

/// Secrets of a proxy that is to start: one that runs has all its files. Certificates also of one that runs:
/// workers that are to come could not use them.
void add_problems_of_files(ConfigReader::What what, config::Reading& reading) {
  auto& [config, problems, parsed] = reading.judged;
  if (what == ConfigReader::What::new_names) add_unsaid(problems, problems_of_files(reading.source, config));
  if (what != ConfigReader::What::names)
    add_unsaid(problems, problems_of_tls(reading.source, config, std::nullopt));
  config::sort_by_place(problems, reading.source.text);
}

/// In the child.
int read_and_tell(ConfigReader::What what, const config::Source& known, const ConfigReader::AskRoom& room,
                  int line) {
  config::Reading reading = read(what, known);
  config::LeftOut left_out;
  if (room) left_out = config::fit(reading.source, known, room());
  if (what == ConfigReader::What::file) dissolve_changes(reading);
  if (!left_out.empty()) reading.judged = config::judge(reading.source);
  const bool starts = what == ConfigReader::What::new_names;
  std::string changes_fault;
  if (starts && known.text.empty()) changes_fault = take_up_overlay(reading, known);
  if (starts) dissolve_changes(reading);
  add_problems_of_files(what, reading);
  return process::send_order(line, order_of(reading, left_out, changes_fault)) ? 0 : 1;
}

}  // namespace

void ConfigReader::give_up() {
  if (busy_ && pid_ > 0) ::kill(pid_, SIGKILL);
  busy_ = false;
  line_ = {};
}

void ConfigReader::begin(What what, config::Source known) {
  busy_ = true;
  what_ = what;
  file_ = known.file;
  begun_at_ = now();
  process::OrderLine line = process::open_order_line();
  line_ = std::move(line.master);
  const auto read = [&] {
    if (in_child_) in_child_();
    return read_and_tell(what, known, room_, line.child.get());
  };
  pid_ = line_ ? process::spawn("fl-reader", read) : -1;
}

std::optional<ConfigReader::Outcome> ConfigReader::take(Instant now) {
  if (!busy_) return std::nullopt;
  if (pid_ <= 0) return finish(std::vector<std::string>{file_ + ": no process can be made to read it"});
  const process::Received received = process::receive_order(line_.get());
  if (received.order) {
    const process::Order& order = *received.order;
    return order.revision == kGood ? good_outcome(order.text) : bad_outcome(order.text);
  }
  if (received.ended) return finish(died(file_));
  if (now - begun_at_ < kPatience) return std::nullopt;
  ::kill(pid_, SIGKILL);
  return finish(std::vector<std::string>{file_ + ": could not be read in time"});
}

ConfigReader::Outcome ConfigReader::finish(ReadResult result) {
  busy_ = false;
  line_ = {};
  return {.what = what_, .result = std::move(result)};
}

ConfigReader::Outcome ConfigReader::good_outcome(std::string_view text) {
  config::LeftOut left_out = take_left_out(text);
  std::string changes_fault = take_line(text);
  auto source = config::source_of(text);
  if (!source) return finish(died(file_));
  Outcome outcome = finish(std::move(*source));
  outcome.left_out = std::move(left_out);
  outcome.changes_fault = std::move(changes_fault);
  return outcome;
}

ConfigReader::Outcome ConfigReader::bad_outcome(std::string_view text) {
  const auto end = text.find("\n\n");
  Outcome outcome = finish(in_lines(text.substr(0, end)));
  if (end != std::string_view::npos) outcome.faulty = config::source_of(text.substr(end + 2));
  return outcome;
}

ConfigReader::Outcome read_and_wait(config::Source known) {
  ConfigReader reader;
  reader.begin(ConfigReader::What::new_names, std::move(known));
  std::optional<ConfigReader::Outcome> outcome;
  while (!(outcome = reader.take(now()))) {
    pollfd readable{reader.fd(), POLLIN, 0};
    ::poll(
        &readable, 1,
        static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(reader.until_overdue(now())).count()));
  }
  if (reader.pid() > 0) ::waitpid(reader.pid(), nullptr, 0);
  return std::move(*outcome);
}

}  // namespace finishline::master
