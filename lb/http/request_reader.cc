#include "lb/http/request_reader.h"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <cctype>
#include <utility>

#include "lb/http/head_fault.h"

namespace finishline::http {
namespace {

namespace beast = boost::beast;
using beast::http::error;
using Text = beast::string_view;

std::string_view view_of(Text text) { return {text.data(), text.size()}; }

bool is_number(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c) != 0; });
}

}  // namespace

/// The grammar. Of one request.
class RequestReader::Parser final : public beast::http::basic_parser<true> {
 public:
  explicit Parser(RequestReader& reader) : reader_(reader) {
    header_limit(kMostHead + 1);
    body_limit(boost::optional<std::uint64_t>(reader.max_body_));
  }

 private:
  using Error = beast::error_code;

  void on_request_impl(beast::http::verb, Text method, Text target, int version, Error&) override {
    reader_.head_.method = view_of(method);
    reader_.head_.target = view_of(target);
    reader_.head_.old = version < 11;
  }
  void on_response_impl(int, Text, int, Error&) override {}
  void on_field_impl(beast::http::field, Text name, Text value, Error&) override {
    if (!is_header_done()) reader_.head_.fields.push_back({view_of(name), view_of(value)});
  }
  void on_header_impl(Error&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, Error&) override {}
  std::size_t on_body_impl(Text piece, Error&) override {
    reader_.take_piece(view_of(piece));
    return piece.size();
  }
  void on_chunk_header_impl(std::uint64_t, Text, Error&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, Text piece, Error&) override {
    reader_.body_.append(piece.data(), piece.size());
    return piece.size();
  }
  void on_finish_impl(Error&) override {}

  RequestReader& reader_;
};

RequestReader::RequestReader(std::size_t max_body) : max_body_(max_body) {}
RequestReader::~RequestReader() = default;

// --- bytes -----------------------------------------------------------------------------------------

void RequestReader::feed(std::span<const std::byte> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (input_.empty()) {
    input_ = text;
    return;
  }
  kept_.erase(0, kept_.size() - input_.size());
  kept_.append(text);
  input_ = kept_;
}

void RequestReader::stash() {
  const bool is_kept = input_.data() >= kept_.data() && input_.data() < kept_.data() + kept_.size();
  if (is_kept && !input_.empty()) return;
  std::string(input_).swap(kept_);
  input_ = kept_;
}

std::span<const std::byte> RequestReader::body() const {
  return std::as_bytes(std::span(whole_body_.empty() ? std::string_view(body_) : whole_body_));
}

/// Nothing is held for a connection on which nothing is under way.
void RequestReader::release() {
  for (std::string* const bytes : {&kept_, &head_bytes_, &body_}) std::string().swap(*bytes);
  head_ = {};
  parser_.reset();
}

// --- requests --------------------------------------------------------------------------------------

RequestReader::Step RequestReader::next() {
  if (state_ == State::bad) return Step::bad;
  if (state_ == State::done) begin();
  const Step step = state_ == State::head ? take_head() : take_body();
  if (step != Step::need_more) return step;
  if (input_.empty() && state_ == State::head)
    release();
  else
    stash();
  return step;
}

void RequestReader::begin() {
  state_ = State::head;
  scan_ = {};
  head_ = {};
  body_.clear();
  whole_body_ = {};
}

/// In front of a request: old clients send one behind a body.
void RequestReader::skip_empty_lines() {
  while (scan_.size() == 0 && input_.starts_with("\r\n")) input_.remove_prefix(2);
}

RequestReader::Step RequestReader::take_head() {
  skip_empty_lines();
  if (input_ == "\r") return Step::need_more;
  const HeadScan::Step step = scan_.look(input_.substr(0, kMostHead));
  if (step == HeadScan::Step::bad) return refuse(400, std::string(scan_.why()));
  if (step == HeadScan::Step::need_more) {
    if (input_.size() < kMostHead) return Step::need_more;
    return refuse(431, "the head is longer than " + std::to_string(kMostHead) + " bytes");
  }
  head_bytes_ = input_.substr(0, scan_.size());
  input_.remove_prefix(scan_.size());
  parser_ = std::make_unique<Parser>(*this);
  beast::error_code failed;
  parser_->put({head_bytes_.data(), head_bytes_.size()}, failed);
  if (failed) return refuse_malformed(failed.value());
  if (!judge_head()) return Step::bad;
  state_ = State::body;
  return Step::head;
}

/// What the grammar allows and two readers may take for two different things.
bool RequestReader::judge_head() {
  for (const HeaderField& field : head_.fields) note_field(field.name, field.value);
  if (state_ == State::bad) return false;
  const auto hosts =
      std::ranges::count_if(head_.fields, [](const HeaderField& it) { return same_word(it.name, "host"); });
  head_.keep_alive = parser_->keep_alive();
  if (hosts == 1 || (hosts == 0 && head_.old)) return true;
  refuse(400, hosts == 0 ? "no Host header: HTTP/1.1 asks for one" : "more than one Host header");
  return false;
}

void RequestReader::note_field(std::string_view name, std::string_view value) {
  if (same_word(name, "content-length")) {
    if (head_.content_length) refuse(400, "more than one Content-Length");
    if (!is_number(value)) refuse(400, "Content-Length is no number");
    head_.content_length = parser_->content_length_remaining().value_or(0);
  } else if (same_word(name, "transfer-encoding")) {
    if (!same_word(value, "chunked")) refuse(501, "of all transfer encodings only \"chunked\" is known");
    if (head_.old) refuse(400, "HTTP/1.0 has no transfer encodings");
    head_.chunked = true;
  } else if (same_word(name, "expect") && same_word(value, "100-continue")) {
    head_.expects_continue = !head_.old;
  }
}

RequestReader::Step RequestReader::take_body() {
  while (!parser_->is_done()) {
    const std::size_t before = input_.size();
    const Step step = parse_body();
    if (step != Step::request) return step;
    if (input_.size() == before && !parser_->is_done()) return Step::need_more;
  }
  state_ = State::done;
  return Step::request;
}

/// One piece of it.
RequestReader::Step RequestReader::parse_body() {
  constexpr std::size_t kLeast =
      5;  // "0\r\n\r\n": the parser takes for granted that it is not shown less twice
  if (input_.empty() || (head_.chunked && input_.size() < kLeast)) return Step::need_more;
  beast::error_code failed;
  input_.remove_prefix(parser_->put({input_.data(), input_.size()}, failed));
  if (failed == error::need_more) return judge_chunk_line();
  return failed ? refuse_malformed(failed.value()) : Step::request;
}

/// The parser waits for the end of a line or of the trailer, which what is malformed never comes to.
RequestReader::Step RequestReader::judge_chunk_line() {
  if (input_.size() > kMostHead) return refuse(400, "the line before a chunk is too long");
  return malformed_before_chunk(input_) ? refuse_malformed(0) : Step::need_more;
}

/// A body that came with its head, as most do, is not copied.
void RequestReader::take_piece(std::string_view piece) {
  if (body_.empty() && piece.size() == head_.content_length) {
    whole_body_ = piece;
    return;
  }
  if (body_.empty()) body_.reserve(std::min<std::size_t>(*head_.content_length, std::size_t{64} << 10));
  body_.append(piece);
}

RequestReader::Step RequestReader::refuse(int status, std::string words) {
  if (state_ != State::bad) objection_ = {status, std::move(words)};
  state_ = State::bad;
  return Step::bad;
}

RequestReader::Step RequestReader::refuse_malformed(int code) {
  switch (static_cast<error>(code)) {
    case error::body_limit:
      return refuse(413, "the body is larger than " + std::to_string(max_body_) + " bytes");
    case error::header_limit:
      return refuse(431, "the head is longer than " + std::to_string(kMostHead) + " bytes");
    case error::bad_version:
      return refuse(505, "only HTTP/1.0 and HTTP/1.1 are spoken here");
    case error::bad_content_length:
    case error::bad_transfer_encoding: {
      const std::string fault = fault_of_head(head_bytes_);
      const bool is_number = fault.find("Content-Length") == std::string::npos;
      return refuse(400, is_number ? "the length of the body is said twice, or wrong" : fault);
    }
    case error::bad_chunk:
    case error::bad_chunk_extension:
      return refuse(400, "a chunk of the body is malformed");
    default:
      return refuse(400, state_ == State::body ? "a chunk of the body, or the trailer behind it, is malformed"
                                               : fault_of_head(head_bytes_));
  }
}

}  // namespace finishline::http
