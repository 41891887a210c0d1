#include "lb/http/reply_reader.h"

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <charconv>
#include <utility>

#include "lb/http/passed_headers.h"

namespace finishline::http {

namespace beast = boost::beast;
using beast::http::error;
using Text = beast::string_view;

constexpr int kSwitchingProtocols = 101;

/// The grammar. Of one reply.
class ReplyReader::Parser final : public beast::http::basic_parser<false> {
 public:
  explicit Parser(ReplyReader& reader) : reader_(reader) {
    header_limit(kMostHead + 1);
    body_limit(boost::optional<std::uint64_t>(reader.max_body_));
  }

 private:
  using Error = beast::error_code;

  void on_request_impl(beast::http::verb, Text, Text, int, Error&) override {}
  void on_response_impl(int status, Text, int, Error&) override { reader_.status_ = status; }
  void on_field_impl(beast::http::field field, Text name, Text value, Error&) override {
    if (!is_header_done()) reader_.note_field({name.data(), name.size()}, {value.data(), value.size()});
    if (field != beast::http::field::retry_after) return;
    std::uint32_t seconds = 0;
    std::from_chars(value.data(), value.data() + value.size(), seconds);
    reader_.retry_after_ = std::chrono::seconds(seconds);
  }
  void on_header_impl(Error&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, Error&) override {}
  std::size_t on_body_impl(Text piece, Error&) override { return take(piece); }
  void on_chunk_header_impl(std::uint64_t, Text, Error&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, Text piece, Error&) override { return take(piece); }
  void on_finish_impl(Error&) override {}

  std::size_t take(Text piece) {
    reader_.body_.append(piece.data(), piece.size());
    return piece.size();
  }

  ReplyReader& reader_;
};

ReplyReader::ReplyReader(std::size_t max_body) : max_body_(max_body) {}
ReplyReader::~ReplyReader() = default;

void ReplyReader::expect() {
  parser_.reset();
  scan_ = {};
  for (std::string* const bytes : {&kept_, &headers_, &body_}) std::string().swap(*bytes);
  status_ = 0;
  retry_after_ = 0ns;
  keep_alive_ = too_large_ = begun_ = typed_ = false;
}

ReplyReader::Step ReplyReader::feed(std::span<const std::byte> bytes) {
  begun_ |= !bytes.empty();
  kept_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return take();
}

void ReplyReader::note_field(std::string_view name, std::string_view value) {
  if (!goes_to_client(name)) return;
  typed_ |= same_word(name, "Content-Type");
  add_line(headers_, name, value);
}

ReplyReader::Step ReplyReader::take() {
  while (parser_ == nullptr) {
    const Step step = take_head();
    if (step != Step::reply) return step;
    if (status_ >= 200) break;
    if (status_ < 100 || status_ == kSwitchingProtocols)
      return Step::bad;  // nobody asked for another protocol
    parser_.reset();     // an interim reply: "100 Continue"
    scan_ = {};
    headers_.clear();
    typed_ = false;
  }
  return take_body();
}

/// Step::reply: the head is whole.
ReplyReader::Step ReplyReader::take_head() {
  const HeadScan::Step scanned = scan_.look(std::string_view(kept_).substr(0, kMostHead));
  if (scanned == HeadScan::Step::bad) return Step::bad;
  if (scanned == HeadScan::Step::need_more) return kept_.size() < kMostHead ? Step::need_more : Step::bad;
  parser_ = std::make_unique<Parser>(*this);
  beast::error_code failed;
  parser_->put({kept_.data(), scan_.size()}, failed);
  too_large_ = failed == error::body_limit;
  if (failed) return Step::bad;
  kept_.erase(0, scan_.size());
  return Step::reply;
}

ReplyReader::Step ReplyReader::take_body() {
  constexpr std::size_t kLeast = 5;  // see RequestReader::parse_body
  while (!parser_->is_done()) {
    if (kept_.empty() || (parser_->chunked() && kept_.size() < kLeast)) return Step::need_more;
    beast::error_code failed;
    const std::size_t taken = parser_->put({kept_.data(), kept_.size()}, failed);
    kept_.erase(0, taken);
    too_large_ = failed == error::body_limit;
    if (failed == error::need_more)
      return kept_.size() > kMostHead || malformed_before_chunk(kept_) ? Step::bad : Step::need_more;
    if (failed) return Step::bad;
  }
  return finish();
}

ReplyReader::Step ReplyReader::end() {
  if (parser_ == nullptr || status_ < 200) return Step::bad;
  beast::error_code failed;
  parser_->put_eof(failed);
  if (failed || !kept_.empty()) return Step::bad;
  return finish();
}

ReplyReader::Step ReplyReader::finish() {
  keep_alive_ = parser_->keep_alive();
  if (!std::exchange(typed_, true)) add_line(headers_, "Content-Type", kBytesType);
  return kept_.empty() ? Step::reply : Step::bad;
}

}  // namespace finishline::http
