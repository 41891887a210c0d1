#include "lb/alert/mail.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <utility>

namespace finishline::alert {
namespace {

constexpr std::size_t kEncodedBytes = 42;  // of an encoded word, which may have 75 characters
constexpr std::size_t kLongestSubject = 400;
constexpr std::size_t kLongestLine = 900;  // RFC 5322 allows 998

bool breaks_line(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) { return c >= 0x20 && c < 0x7f; });
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t n = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t word = 0;
    for (std::size_t j = 0; j < 3; ++j)
      word = word << 8 | (j < n ? static_cast<unsigned char>(bytes[i + j]) : 0U);
    for (std::size_t j = 0; j < 4; ++j) text += j <= n ? kDigits[word >> (18 - 6 * j) & 63] : '=';
  }
  return text;
}

/// Where the text may be cut at or before `at` without tearing a UTF-8 character.
std::size_t cut(std::string_view text, std::size_t at) {
  if (at >= text.size()) return text.size();
  while (at > 1 && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80) --at;
  return at;
}

/// As it is, or in encoded words (RFC 2047) on lines of their own.
std::string subject_text(std::string_view subject) {
  subject = subject.substr(0, cut(subject, kLongestSubject));
  if (is_ascii(subject)) return std::string(subject);
  std::string text;
  while (!subject.empty()) {
    const std::size_t n = cut(subject, kEncodedBytes);
    text += (text.empty() ? "=?utf-8?B?" : "\r\n =?utf-8?B?") + base64(subject.substr(0, n)) + "?=";
    subject.remove_prefix(n);
  }
  return text;
}

void add_body(std::string& mail, std::string_view body) {
  while (!body.empty()) {
    const auto end = std::min(body.find('\n'), body.size());
    std::string line(body.substr(0, end));
    std::erase_if(line, [](char c) { return c == '\r' || c == '\0'; });
    for (std::string_view rest = line;;) {
      const std::size_t n = cut(rest, kLongestLine);
      mail.append(rest.substr(0, n)).append("\r\n");
      rest.remove_prefix(n);
      if (rest.empty()) break;
    }
    body.remove_prefix(std::min(end + 1, body.size()));
  }
}

}  // namespace

MailText mail_text(const MailHeaders& headers, std::string_view body) {
  std::string mail;
  for (const auto& [name, value] : {std::pair<std::string_view, std::string_view>{"From", headers.from},
                                    {"To", headers.to},
                                    {"Subject", headers.subject},
                                    {"Date", headers.date},
                                    {"Message-ID", headers.message_id}}) {
    if (breaks_line(value))
      return {.bytes = {}, .fault = std::string(name) + " has a line break, which no header may have"};
    mail.append(name).append(": ");
    mail.append(name == "Subject" ? subject_text(value) : std::string(value)).append("\r\n");
  }
  mail +=
      "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
      "Auto-Submitted: auto-generated\r\n\r\n";
  add_body(mail, body);
  return {.bytes = std::move(mail), .fault = {}};
}

std::string address_fault(std::string_view address) {
  const auto at = address.find('@');
  const bool plain = is_ascii(address) && address.find_first_of(" <>,;:\"()[]\\") == std::string_view::npos;
  if (plain && at != std::string_view::npos && at > 0 && at + 1 < address.size() &&
      address.find('@', at + 1) == std::string_view::npos)
    return "";
  return "'" + std::string(address) + "' is no address USER@HOST";
}

std::vector<std::string> addresses_in(std::string_view list) {
  std::vector<std::string> all;
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    std::string_view one = list.substr(0, comma);
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    if (!one.empty()) all.emplace_back(one);
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return all;
}

/// strftime() would speak the language of the place.
std::string mail_date(double unix) {
  constexpr std::array kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto seconds = static_cast<std::time_t>(unix);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[64];
  const int length = std::snprintf(text, sizeof text, "%s, %02d %s %d %02d:%02d:%02d +0000",
                                   kDays[static_cast<std::size_t>(parts.tm_wday)], parts.tm_mday,
                                   kMonths[static_cast<std::size_t>(parts.tm_mon)], parts.tm_year + 1900,
                                   parts.tm_hour, parts.tm_min, parts.tm_sec);
  return {text, static_cast<std::size_t>(length)};
}

}  // namespace finishline::alert
