#include "lb/cli/top_screen.h"

#define NCURSES_NOMACROS  // they are called erase, move and timeout
#include <curses.h>
#include <langinfo.h>
#include <poll.h>
#include <unistd.h>

#include <clocale>
#include <cstdlib>
#include <cstring>

namespace finishline::cli {
namespace {

constexpr short kGoodColour = 1, kWarningColour = 2, kBadColour = 3, kBarColour = 4;

int attributes_of(TopStyle style) {
  switch (style) {
    case TopStyle::strong:
      return A_BOLD;
    case TopStyle::quiet:
      return A_DIM;
    case TopStyle::head:
    case TopStyle::chosen:
      return A_REVERSE;
    case TopStyle::bar:
      return COLOR_PAIR(kBarColour);
    case TopStyle::good:
      return COLOR_PAIR(kGoodColour);
    case TopStyle::warning:
      return COLOR_PAIR(kWarningColour) | A_BOLD;
    case TopStyle::bad:
      return COLOR_PAIR(kBadColour) | A_BOLD;
    case TopStyle::plain:
      break;
  }
  return A_NORMAL;
}

bool nobody_types() {
  pollfd input{STDIN_FILENO, POLLIN, 0};
  return ::poll(&input, 1, 0) == 1 && (input.revents & (POLLHUP | POLLERR)) != 0;
}

}  // namespace

TopScreen::TopScreen() {
  std::setlocale(LC_CTYPE, "");
  unicode_ = std::strcmp(::nl_langinfo(CODESET), "UTF-8") == 0;
  ::set_escdelay(25);
  ::initscr();
  ::cbreak();
  ::noecho();
  ::keypad(stdscr, TRUE);
  ::curs_set(0);
  const char* const no_color = std::getenv("NO_COLOR");  // no-color.org
  if (!::has_colors() || (no_color != nullptr && *no_color != '\0')) return;
  ::start_color();
  ::use_default_colors();
  ::init_pair(kGoodColour, COLOR_GREEN, -1);
  ::init_pair(kWarningColour, COLOR_YELLOW, -1);
  ::init_pair(kBadColour, COLOR_RED, -1);
  ::init_pair(kBarColour, COLOR_CYAN, -1);
}

TopScreen::~TopScreen() { ::endwin(); }

std::size_t TopScreen::width() const { return static_cast<std::size_t>(COLS); }
std::size_t TopScreen::height() const { return static_cast<std::size_t>(LINES); }

void TopScreen::draw(const std::vector<TopLine>& lines, const std::string& bottom) {
  ::erase();
  for (std::size_t i = 0; i < lines.size(); ++i) {
    ::move(static_cast<int>(i), 0);
    for (const TopSpan& span : lines[i]) {
      ::attrset(attributes_of(span.style));
      ::addstr(span.text.c_str());
    }
  }
  ::attrset(A_NORMAL);
  ::mvaddnstr(LINES - 1, 0, bottom.c_str(), COLS - 1);
  ::refresh();
}

TopInput TopScreen::wait(int milliseconds) {
  ::timeout(milliseconds);
  const int key = ::getch();
  switch (key) {
    case ERR:
      return {nobody_types() ? TopKey::ended : TopKey::none};
    case KEY_RESIZE:
      return {TopKey::resized};
    case KEY_UP:
      return {TopKey::up};
    case KEY_DOWN:
      return {TopKey::down};
    case KEY_PPAGE:
      return {TopKey::page_up};
    case KEY_NPAGE:
      return {TopKey::page_down};
    case KEY_ENTER:
    case '\n':
    case '\r':
      return {TopKey::enter};
    case KEY_BACKSPACE:
    case 127:
    case 8:
      return {TopKey::erase};
    case 27:
      return {TopKey::escape};
    default:
      return key >= ' ' && key < 127 ? TopInput{TopKey::text, static_cast<char>(key)} : TopInput{};
  }
}

}  // namespace finishline::cli
