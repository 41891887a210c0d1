#include "lb/http/head_scan.h"

namespace finishline::http {

/// False, and why_ is set, when this byte cannot stand here.
bool HeadScan::takes(char now) {
  const bool begins_line = at_ == line_begin_;
  if (before_ == '\r' && now != '\n')
    why_ = "a CR without LF in the head";
  else if (now == '\n' && before_ != '\r')
    why_ = "a line of the head ends with LF alone: write CR LF";
  else if (begins_line && at_ > 0 && (now == ' ' || now == '\t'))
    why_ = "a header line is folded: write it on one line";
  else if (static_cast<unsigned char>(now) < ' ' && now != '\r' && now != '\n' && now != '\t')
    why_ = "a control character in the head";
  return why_.empty();
}

HeadScan::Step HeadScan::look(std::string_view bytes) {
  for (; at_ < bytes.size(); ++at_) {
    const char now = bytes[at_];
    if (!takes(now)) return Step::bad;
    before_ = now;
    if (now != '\n') continue;
    const bool empty_line = at_ - line_begin_ == 1;
    line_begin_ = at_ + 1;
    if (!empty_line) continue;
    ++at_;
    return Step::head;
  }
  return Step::need_more;
}

bool malformed_before_chunk(std::string_view bytes) {
  if (bytes.starts_with("\r\n")) bytes.remove_prefix(2);  // of the chunk before
  HeadScan scan;
  return scan.look(bytes) == HeadScan::Step::bad;
}

}  // namespace finishline::http
