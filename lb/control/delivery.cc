#include "lb/control/delivery.h"

#include <curl/curl.h>
#include <sodium.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <mutex>

#include "lb/alert/mail.h"
#include "proto/version.h"

namespace finishline::control {
namespace {

constexpr std::chrono::milliseconds kConnect = 5s, kWhole = 15s;
constexpr int kLookMs = 100;  // for the wish to stop

/// libcurl's handles are all of one type.
template <auto end>
struct CurlEnd {
  template <class Handle>
  void operator()(Handle* it) const {
    end(it);
  }
};
using EasyHandle = std::unique_ptr<CURL, CurlEnd<curl_easy_cleanup>>;
using MultiHandle = std::unique_ptr<CURLM, CurlEnd<curl_multi_cleanup>>;
using CurlList = std::unique_ptr<curl_slist, CurlEnd<curl_slist_free_all>>;

void add(CurlList& list, const std::string& text) {
  curl_slist* const longer = curl_slist_append(list.get(), text.c_str());
  if (longer == nullptr) return;
  static_cast<void>(list.release());
  list.reset(longer);
}

std::size_t drop(const char*, std::size_t size, std::size_t count, void*) { return size * count; }

std::size_t read_some(char* to, std::size_t size, std::size_t count, void* from) {
  auto& rest = *static_cast<std::string_view*>(from);
  const std::size_t n = std::min(size * count, rest.size());
  std::memcpy(to, rest.data(), n);
  rest.remove_prefix(n);
  return n;
}

/// One transfer, which ends early when that is wished.
class Transfer {
 public:
  explicit Transfer(const std::string& ca_file);
  template <class Value>
  void set(CURLoption option, Value value) {
    curl_easy_setopt(easy_.get(), option, value);
  }
  void set_timeout(Nanos whole);
  CURLcode run(const std::atomic<bool>& stop);
  long response() const;
  std::string words(CURLcode code) const { return error_[0] != '\0' ? error_ : curl_easy_strerror(code); }

 private:
  EasyHandle easy_;
  char error_[CURL_ERROR_SIZE] = {};
};

Transfer::Transfer(const std::string& ca_file) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  easy_.reset(curl_easy_init());
  set(CURLOPT_ERRORBUFFER, error_);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_QUICK_EXIT, 1L);  // a name that is being looked up is not waited for
  set(CURLOPT_PROXY, "");       // whatever the environment says
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(kConnect.count()));
  set_timeout(kWhole);
  set(CURLOPT_WRITEFUNCTION, &drop);
  if (!ca_file.empty()) set(CURLOPT_CAINFO, ca_file.c_str());
}

/// At least a millisecond: libcurl takes 0 for none.
void Transfer::set_timeout(Nanos whole) {
  const auto most = std::clamp(std::chrono::ceil<std::chrono::milliseconds>(whole), 1ms, kWhole);
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(most.count()));
}

CURLcode Transfer::run(const std::atomic<bool>& stop) {
  const MultiHandle multi(curl_multi_init());
  if (!easy_ || !multi || curl_multi_add_handle(multi.get(), easy_.get()) != CURLM_OK)
    return CURLE_FAILED_INIT;
  int running = 1;
  CURLcode code = CURLE_ABORTED_BY_CALLBACK;
  while (running > 0 && !stop.load(std::memory_order_relaxed)) {
    if (curl_multi_perform(multi.get(), &running) != CURLM_OK) break;
    if (running > 0) curl_multi_poll(multi.get(), nullptr, 0, kLookMs, nullptr);
  }
  int left = 0;
  while (const CURLMsg* const message = curl_multi_info_read(multi.get(), &left))
    if (message->msg == CURLMSG_DONE) code = message->data.result;
  curl_multi_remove_handle(multi.get(), easy_.get());
  return code;
}

long Transfer::response() const {
  long code = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &code);
  return code;
}

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 && name[0] != '\0' ? name : "localhost";
}

long curl_level(config::StartTls starttls) {
  switch (starttls) {
    case config::StartTls::required:
      return CURLUSESSL_ALL;
    case config::StartTls::when_offered:
      return CURLUSESSL_TRY;
    case config::StartTls::off:
      return CURLUSESSL_NONE;
  }
  return CURLUSESSL_ALL;
}

alert::MailText mail_of(const MailTarget& target, const std::string& subject, const std::string& text,
                        double time) {
  std::uint64_t number = 0;
  randombytes_buf(&number, sizeof number);
  std::string line = subject;  // reasons may be others' words, with any bytes
  std::ranges::replace_if(
      line, [](unsigned char c) { return c < ' ' || c == 0x7f; }, ' ');
  return alert::mail_text({.from = target.from,
                           .to = target.to,
                           .subject = line,
                           .date = alert::mail_date(time),
                           .message_id = "<" + std::to_string(number) + "@" + host_name() + ">"},
                          text);
}

}  // namespace

WebhookTarget webhook_target(const config::Alerts& alerts, const process::Secret& secret) {
  return {.url = alerts.webhook, .secret = secret, .ca_file = alerts.ca_file};
}

MailTarget mail_target(const config::Alerts& alerts, const process::Secret& password) {
  return {.server = alerts.mail_server,
          .from = alerts.mail_from,
          .to = alerts.mail_to,
          .user = alerts.mail_user,
          .password = password,
          .starttls = alerts.mail_starttls,
          .ca_file = alerts.ca_file};
}

std::string signature_of(std::string_view body, std::string_view secret) {
  crypto_auth_hmacsha256_state state;
  unsigned char sum[crypto_auth_hmacsha256_BYTES];
  crypto_auth_hmacsha256_init(&state, reinterpret_cast<const unsigned char*>(secret.data()), secret.size());
  crypto_auth_hmacsha256_update(&state, reinterpret_cast<const unsigned char*>(body.data()), body.size());
  crypto_auth_hmacsha256_final(&state, sum);
  char digits[2 * sizeof sum + 1];
  return std::string("sha256=") + sodium_bin2hex(digits, sizeof digits, sum, sizeof sum);
}

DeliveryResult send_webhook(const WebhookTarget& target, const std::string& body,
                            const std::atomic<bool>& stop) {
  Transfer transfer(target.ca_file);
  transfer.set_timeout(target.timeout);
  CurlList headers;
  add(headers, "Content-Type: application/json");
  add(headers, std::string("User-Agent: finishline/") + version());
  add(headers, "Expect:");
  if (!target.secret.text.empty())
    add(headers, "X-Finishline-Signature: " + signature_of(body, target.secret.text));
  transfer.set(CURLOPT_URL, target.url.c_str());
  transfer.set(CURLOPT_PROTOCOLS_STR, "http,https");
  transfer.set(CURLOPT_HTTPHEADER, headers.get());
  transfer.set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  transfer.set(CURLOPT_POSTFIELDS, body.c_str());
  const CURLcode code = transfer.run(stop);
  if (code != CURLE_OK) return {.may_help = true, .words = transfer.words(code)};
  const long status = transfer.response();
  return {.good = status >= 200 && status < 300,
          .may_help = status >= 500 || status == 408 || status == 429,
          .words = "HTTP status " + std::to_string(status)};
}

DeliveryResult send_mail(const MailTarget& target, const std::string& subject, const std::string& text,
                         double time, const std::atomic<bool>& stop) {
  const alert::MailText mail = mail_of(target, subject, text, time);
  if (!mail.fault.empty()) return {.words = mail.fault};
  Transfer transfer(target.ca_file);
  CurlList to;
  for (const std::string& one : alert::addresses_in(target.to)) add(to, "<" + one + ">");
  const std::string from = "<" + target.from + ">";
  std::string_view rest = mail.bytes;
  transfer.set(CURLOPT_URL, target.server.c_str());
  transfer.set(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  transfer.set(CURLOPT_USE_SSL, curl_level(target.starttls));
  transfer.set(CURLOPT_MAIL_FROM, from.c_str());
  transfer.set(CURLOPT_MAIL_RCPT, to.get());
  if (!target.user.empty()) {
    transfer.set(CURLOPT_USERNAME, target.user.c_str());
    transfer.set(CURLOPT_PASSWORD, target.password.text.c_str());
  }
  transfer.set(CURLOPT_UPLOAD, 1L);
  transfer.set(CURLOPT_READFUNCTION, &read_some);
  transfer.set(CURLOPT_READDATA, &rest);
  const CURLcode code = transfer.run(stop);
  const long reply = transfer.response();
  if (code == CURLE_OK) return {.good = true, .words = "taken by the mail server"};
  const bool refused =
      (reply >= 500 && reply < 600) || code == CURLE_LOGIN_DENIED || code == CURLE_USE_SSL_FAILED;
  std::string words = transfer.words(code);
  if (code == CURLE_USE_SSL_FAILED)
    words +=
        "; alerts.mail_starttls = \"required\" asks for it: take a server that offers it, or "
        "\"when_offered\"";
  return {.may_help = !refused, .words = std::move(words)};
}

}  // namespace finishline::control
