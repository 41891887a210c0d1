#include "client/progress_bar.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace finishline::client {
namespace {

constexpr Nanos kRedraw = 100ms;

std::string_view environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

/// As the locale says.
bool terminal_takes_unicode() {
  for (const char* const name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const std::string_view value = environment(name);
    if (value.empty()) continue;
    for (const char* const code : {"UTF-8", "utf-8", "UTF8", "utf8"})
      if (value.find(code) != std::string_view::npos) return true;
    return false;
  }
  return false;
}

std::size_t columns() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col - 1U : 79U;
}

}  // namespace

ProgressBar::ProgressBar(bool wanted)
    : shown_(wanted && ::isatty(STDERR_FILENO) == 1),
      graph_shown_(shown_ && environment("NO_COLOR").empty() && environment("TERM") != "dumb"),
      unicode_(terminal_takes_unicode()) {}

ProgressBar::~ProgressBar() {
  if (drawn_) put({});
}

void ProgressBar::add(const Interval& interval, Nanos span) {
  graph_.add(static_cast<double>(interval.ok) / to_seconds(span), interval.latency.percentile(99));
}

void ProgressBar::draw(const Progress& progress) {
  if (!shown_ || progress.elapsed - last_.elapsed < kRedraw / 2) return;
  const double rate =
      static_cast<double>(progress.answered - last_.answered) / to_seconds(progress.elapsed - last_.elapsed);
  smooth_ = drawn_ ? smooth_ + 0.3 * (rate - smooth_) : rate;
  std::vector<std::string> lines;
  if (graph_shown_) lines = graph_.lines(columns(), unicode_);
  lines.push_back(progress_line(progress, smooth_).substr(0, columns()));
  put(lines);
  drawn_ = true;
  last_ = progress;
}

/// In the place of what stands there; the cursor stays on the last of the lines.
void ProgressBar::put(const std::vector<std::string>& lines) {
  std::string text = lines_ > 1 ? "\r\x1b[" + std::to_string(lines_ - 1) + "A" : "\r";
  if (lines.empty()) text += "\x1b[J";
  for (std::size_t i = 0; i < lines.size(); ++i) text += (i == 0 ? "" : "\n") + lines[i] + "\x1b[K";
  std::fputs(text.c_str(), stderr);
  lines_ = lines.size();
}

}  // namespace finishline::client
