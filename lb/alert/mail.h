// A message as the bytes of an e-mail (RFC 5322). Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace finishline::alert {

struct MailHeaders {
  std::string from, to;  // addresses; `to` with commas
  std::string subject;
  std::string date, message_id;
};

struct MailText {
  std::string bytes;  // the whole mail, with CRLF line ends
  std::string fault;  // or why there is none: CR, LF or NUL in a header would begin another header
};
MailText mail_text(const MailHeaders& headers, std::string_view body);

/// Why this can be no sender or recipient; "" when it can: USER@HOST without spaces, brackets or commas.
std::string address_fault(std::string_view address);
/// Of a list with commas, without the spaces around them.
std::vector<std::string> addresses_in(std::string_view list);
/// As a date header has it: "Fri, 27 Nov 2026 20:50:27 +0000". Of Unix seconds.
std::string mail_date(double unix);

}  // namespace finishline::alert
