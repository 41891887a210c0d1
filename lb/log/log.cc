#include "lb/log/log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <iterator>
#include <mutex>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "lb/log/line_writer.h"

namespace finishline::log {
namespace {

struct EventRow {
  std::string_view name;
  Level level;
};

constexpr EventRow kEvents[] = {
#define FINISHLINE_EVENT(name, level, help) {#name, Level::level},
#include "lb/log/events.def"
#undef FINISHLINE_EVENT
};

constexpr spdlog::level::level_enum kSpdlogLevels[] = {spdlog::level::debug, spdlog::level::info,
                                                       spdlog::level::warn, spdlog::level::err};

spdlog::level::level_enum spdlog_level(Level level) { return kSpdlogLevels[static_cast<std::size_t>(level)]; }

/// The end of the logger: hands each line to the writer, and knows what became of the last one.
class LineSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  LineSink(int fd, bool owned) : writer_(fd, owned) {}
  bool taken() const { return taken_; }

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    taken_ = writer_.write({line.data(), line.size()});
  }
  void flush_() override {}

  LineWriter writer_;
  bool taken_ = false;
};

/// Lines that could not be written.
struct Losses {
  std::uint64_t unsaid = 0;    // since the log said so last
  std::int64_t uncounted = 0;  // since keep_up() was called last
};

std::unique_ptr<spdlog::logger> g_logger;  // of this process; null before start()
Options g_options;
std::shared_ptr<LineSink> g_sink;  // of the logger
Losses g_losses;
int g_file = -1;  // that the logger owns; -1: standard error

bool needs_quotes(std::string_view text) {
  return text.empty() || std::any_of(text.begin(), text.end(), [](unsigned char c) {
           return c <= ' ' || c == '"' || c == '\\' || c == '=' || c == 0x7f;
         });
}

void append_escaped(std::string& out, char c) {
  const auto byte = static_cast<unsigned char>(c);
  if (c == '"' || c == '\\') {
    out += '\\';
    out += c;
  } else if (c == '\n') {
    out += "\\n";
  } else if (byte < ' ' || byte == 0x7f) {
    fmt::format_to(std::back_inserter(out), "\\x{:02x}", byte);
  } else {
    out += c;
  }
}

void append_text(std::string& out, std::string_view text) {
  if (!needs_quotes(text)) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) append_escaped(out, c);
  out += '"';
}

/// "worker 0 link_up link=3 server=video-1"
std::string text_line(std::string_view event, std::initializer_list<KeyValue> fields) {
  std::string line =
      g_options.process.empty() ? std::string(event) : fmt::format("{} {}", g_options.process, event);
  for (const KeyValue& field : fields) {
    fmt::format_to(std::back_inserter(line), " {}=", field.name);
    if (const auto* text = std::get_if<std::string_view>(&field.value)) {
      append_text(line, *text);
    } else {
      std::visit([&](auto value) { fmt::format_to(std::back_inserter(line), "{}", value); }, field.value);
    }
  }
  return line;
}

/// The members that follow "time" and "level": an object without its opening brace, `"process":...}`.
std::string json_line(std::string_view event, std::initializer_list<KeyValue> fields) {
  nlohmann::ordered_json object = {{"process", g_options.process}, {"event", event}};
  for (const KeyValue& field : fields) {
    std::visit([&](auto value) { object[std::string(field.name)] = value; }, field.value);
  }
  return object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).substr(1);
}

/// The line around the event; %v is what text_line or json_line made.
const char* pattern(Format format) {
  return format == Format::text ? "%Y-%m-%dT%H:%M:%S.%eZ %l %v"
                                : R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v)";
}

/// Of the logger that there is.
void set_style() {
  if (!g_logger) return;
  g_logger->set_formatter(
      std::make_unique<spdlog::pattern_formatter>(pattern(g_options.format), spdlog::pattern_time_type::utc));
  g_logger->set_level(spdlog_level(g_options.level));
}

/// To this file, which is owned from here on; -1: to standard error.
void log_to(int file) {
  const bool owned = file >= 0;
  g_sink = std::make_shared<LineSink>(owned ? file : STDERR_FILENO, owned);
  auto logger = std::make_unique<spdlog::logger>("", g_sink);
  g_logger = std::move(logger);
  g_file = file;
  set_style();
}

/// -1 with errno when it cannot be opened. Does not wait for somebody to read it, if it is a named pipe.
int open_file() {
  return ::open(g_options.file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
                0640);
}

/// Why it could not.
std::string failure() {
  return fmt::format("{}: {}", g_options.file, std::generic_category().message(errno));
}

bool put(const EventRow& row, std::initializer_list<KeyValue> fields) {
  const std::string line =
      g_options.format == Format::text ? text_line(row.name, fields) : json_line(row.name, fields);
  g_logger->log(spdlog_level(row.level), spdlog::string_view_t(line.data(), line.size()));
  return g_sink->taken();
}

const EventRow& row_of(Event event) { return kEvents[static_cast<std::size_t>(event)]; }

/// False while there is no room to say it.
bool say_losses() {
  if (g_losses.unsaid == 0) return true;
  if (!g_logger || !put(row_of(Event::lines_lost), {{"lines", g_losses.unsaid}})) return false;
  g_losses.unsaid = 0;
  return true;
}

}  // namespace

std::string start(const Options& options) {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  if (options.process != g_options.process) g_losses = {};  // after a fork: they were the parent's
  g_options = options;
  const int file = options.file.empty() ? -1 : open_file();
  const std::string why = file < 0 && !options.file.empty() ? failure() : "";
  log_to(file);
  return why;
}

std::string reopen() {
  if (g_options.file.empty()) return "";
  const int file = open_file();
  if (file < 0) return failure();
  log_to(file);
  return "";
}

void change(const Options& options) {
  g_options = options;
  if (options.file.empty() && g_file >= 0) log_to(-1);
  set_style();
}

void continue_in(int fd) { log_to(fd); }

int descriptor() { return g_file; }

bool enabled(Level level) { return g_logger && g_logger->should_log(spdlog_level(level)); }

void write(Event event, std::initializer_list<KeyValue> fields) {
  const EventRow& row = row_of(event);
  if (!enabled(row.level) || (say_losses() && put(row, fields))) return;
  ++g_losses.unsaid;
  ++g_losses.uncounted;
}

std::int64_t keep_up() {
  say_losses();
  return std::exchange(g_losses.uncounted, 0);
}

}  // namespace finishline::log
