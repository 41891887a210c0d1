// How a line of the log gets to its descriptor: whole and at once, or not at all. Any process.
//
// A log that nobody reads never stops a process: nothing in here waits. What that takes depends on what the
// descriptor is.
//
//   file      One append. What a full disk has taken of a line is taken back: the next one starts clean.
//   socket    Sent without waiting.
//   others    Pipes, terminals. Standard error is shared with whoever started this program, and a flag set on
//             it would hold for his shell, too. So it is opened anew by its name in /proc, which makes a
//             description of our own, and that one does not wait. Where this is forbidden, because the pipe
//             belongs to another user, a line goes into a pipe of our own and is moved from there by
//             splice(2), which can be told not to wait whatever the flags. To ask for room (poll(2)) and then
//             write would not do: between the two another of our processes may take the room. It is left for
//             what can be neither opened nor spliced to, a terminal of another user.
//
// A line that only in part went where nothing can be taken back is ended before the next one begins.
#pragma once

#include <string_view>

namespace finishline::log {

class LineWriter {
 public:
  /// Writes to `fd`, and closes it in the end if it is `owned`. SIGPIPE and SIGXFSZ are ignored by the
  /// caller.
  LineWriter(int fd, bool owned);
  ~LineWriter();
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;

  /// False when the line, which ends with its end of line, did not go out whole.
  bool write(std::string_view line);

 private:
  enum class Way : unsigned char { append, send, write, splice, ask };

  void choose_way();
  bool open_anew();
  bool open_pipe();
  bool append(std::string_view line);
  void take_back(long long size_before, std::size_t written);
  bool pass(std::string_view line);
  std::size_t pass_some(std::string_view bytes);
  std::size_t splice_some(std::string_view bytes);

  int fd_;
  bool owned_;
  bool cut_ = false;  // the last line went out in part
  Way way_ = Way::write;
  int pipe_[2] = {-1, -1};  // to splice from; none: -1
};

}  // namespace finishline::log
