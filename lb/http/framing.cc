#include "lb/http/framing.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <utility>

#include "lb/http/head_scan.h"

namespace finishline::http {
namespace {

bool same_letters(std::string_view a, std::string_view lower) {
  return std::ranges::equal(a, lower,
                            [](char x, char y) { return std::tolower(static_cast<unsigned char>(x)) == y; });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool is_token_letter(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

/// Reads the header lines of one head.
class Lines {
 public:
  Lines(std::size_t most_body, Framing& framing) : most_body_(most_body), framing_(framing) {}

  void take(std::string_view line) {
    if (line.size() + 2 > kMostField) return refuse(431);
    const std::size_t colon = std::min(line.find(':'), line.size());
    const std::string_view name = line.substr(0, colon);
    if (colon == line.size() || name.empty() || !std::ranges::all_of(name, is_token_letter))
      return refuse(400);
    take(name, trimmed(line.substr(colon + 1)));
  }

 private:
  void take(std::string_view name, std::string_view value) {
    if (same_letters(name, "host") && std::exchange(host_, true)) return refuse(400);
    if (same_letters(name, "transfer-encoding")) refuse(411);
    if (same_letters(name, "expect") && same_letters(value, "100-continue")) framing_.expects = true;
    if (same_letters(name, "content-length")) take_length(value);
  }

  void take_length(std::string_view value) {
    std::size_t length = 0;
    const auto read = std::from_chars(value.data(), value.data() + value.size(), length);
    const bool number = read.ptr == value.data() + value.size() && !value.empty();
    if (!number || (length_ && framing_.body != length)) return refuse(400);
    if (read.ec != std::errc{} || length > most_body_) return refuse(413);
    length_ = true;
    framing_.body = length;
  }

  /// What two readers could take for two different things outweighs all else.
  void refuse(int status) {
    if (framing_.refusal == 0 || status == 400) framing_.refusal = status;
  }

  const std::size_t most_body_;
  Framing& framing_;
  bool host_ = false, length_ = false;
};

}  // namespace

std::optional<Framing> framing_of(std::string_view bytes, std::size_t most_body) {
  HeadScan scan;
  const HeadScan::Step step = scan.look(bytes);
  if (step == HeadScan::Step::bad) return Framing{.head = scan.size(), .refusal = 400};
  if (step == HeadScan::Step::need_more) return std::nullopt;
  Framing framing{.head = scan.size()};
  Lines read(most_body, framing);
  std::string_view lines = bytes.substr(0, framing.head - 2);
  for (std::size_t at = lines.find("\r\n"); at + 2 < lines.size();) {
    lines.remove_prefix(at + 2);
    at = lines.find("\r\n");
    read.take(lines.substr(0, at));
  }
  if (framing.refusal != 0) framing.body = 0;
  return framing;
}

}  // namespace finishline::http
