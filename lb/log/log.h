// The log: one vocabulary of events and fields, text or JSON lines, on spdlog (which only log.cc includes).
// Any process; call start() after the fork, before it the log is silent. Nothing per request above debug.
//
//   2026-11-22T15:04:05.123Z info worker 0 link_up link=3 server="video 1"
//   {"time":"2026-11-22T15:04:05.123Z","level":"info","process":"worker 0","event":"link_up","link":3,...}
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

namespace finishline::log {

enum class Level : std::uint8_t { debug, info, warning, error };
enum class Format : std::uint8_t { text, json };

struct Options {
  Level level = Level::info;
  Format format = Format::text;
  std::string file;     // "" is standard error; opened for append
  std::string process;  // "master", "worker 0", "control", "server video-1": on every line
};

/// (Re)opens the log of this process. Returns the reason when the file cannot be opened; the log then
/// goes to standard error. A full disk, a closed pipe and a log that nobody reads lose lines, never the
/// process and never its time (line_writer.h): SIGPIPE and SIGXFSZ are ignored from here on. Lines that are
/// lost are counted, and the log says how many as soon as there is room again. Each line is one append, so
/// that processes may share a file.
std::string start(const Options& options);
/// Opens the file anew: the one before may have been moved away (logrotate(8)). Returns the reason when it
/// cannot be opened; the log then goes on where it was. Nothing to do on standard error.
std::string reopen();
/// Another level, format or file name from now on, in a process that may not open files: it goes on where it
/// was until continue_in(), or on standard error if there is to be no file.
void change(const Options& options);
/// Goes on in a file that another process has opened, for one that may not. Owns `fd`.
void continue_in(int fd);
/// Of the file that is written to, the log's own; -1: standard error.
int descriptor();

/// One thing worth telling per line: the event's name from events.def ("link_up"), then fields in the
/// order given; by habit listener=, client=, link=, server=, then the rest.
struct KeyValue {
  std::string_view name;
  std::variant<std::int64_t, std::uint64_t, double, std::string_view> value;

  KeyValue(std::string_view n, std::string_view v) : name(n), value(v) {}
  KeyValue(std::string_view n, const char* v) : name(n), value(std::string_view(v)) {}
  KeyValue(std::string_view n, const std::string& v) : name(n), value(std::string_view(v)) {}
  KeyValue(std::string_view n, double v) : name(n), value(v) {}
  template <class Integer>
  requires std::is_integral_v<Integer> KeyValue(std::string_view n, Integer v) : name(n) {
    if constexpr (std::is_signed_v<Integer>) {
      value = static_cast<std::int64_t>(v);
    } else {
      value = static_cast<std::uint64_t>(v);
    }
  }
};

enum class Event : std::uint16_t {
#define FINISHLINE_EVENT(name, level, help) name,
#include "lb/log/events.def"
#undef FINISHLINE_EVENT
};

bool enabled(Level level);
/// At the level that events.def gives the event.
void write(Event event, std::initializer_list<KeyValue> fields = {});
/// Says what was lost, if anything was and there is room; returns how many lines this process has lost since
/// it asked last. For a timer, as the next event may be long in coming.
std::int64_t keep_up();

}  // namespace finishline::log
