#include "lb/tls/engine.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "lb/tls/certificate.h"
#include "lb/tls/client_context.h"
#include "lb/tls/handles.h"
#include "lb/tls/server_context.h"
#include "proto/looks_like.h"

namespace finishline::tls {

/// What OpenSSL reads and writes through: no memory of its own in between.
struct TlsEngine::Tls {
  Handle<SSL> ssl;
  TlsEngine* engine = nullptr;

  static int on_read(BIO* bio, char* out, int most) {
    auto& input = static_cast<Tls*>(BIO_get_data(bio))->engine->input_;
    BIO_clear_retry_flags(bio);
    if (input.empty()) {
      BIO_set_retry_read(bio);
      return -1;
    }
    const std::size_t n = std::min(input.size(), static_cast<std::size_t>(most));
    std::memcpy(out, input.data(), n);
    input = input.subspan(n);
    return static_cast<int>(n);
  }
  static int on_write(BIO* bio, const char* bytes, int n) {
    const TlsEngine* const engine = static_cast<Tls*>(BIO_get_data(bio))->engine;
    BIO_clear_retry_flags(bio);
    engine->sink_(engine->sink_owner_, std::as_bytes(std::span(bytes, static_cast<std::size_t>(n))));
    return n;
  }
  static long on_control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

  static BIO* bio_of(Tls* tls) {
    static BIO_METHOD* const method = [] {
      BIO_METHOD* const made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "finishline");
      BIO_meth_set_read(made, on_read);
      BIO_meth_set_write(made, on_write);
      BIO_meth_set_ctrl(made, on_control);
      return made;
    }();
    BIO* const bio = BIO_new(method);
    BIO_set_data(bio, tls);
    BIO_set_init(bio, 1);
    return bio;
  }
};

namespace {

/// What lies in this thread's queue, whoever has left it there, would count as the reason of the next call.
void forget_errors() {
  if (ERR_peek_error() != 0) [[unlikely]]
    ERR_clear_error();
}

TlsFault fault_of(unsigned long code) {
  const int reason = ERR_GET_REASON(code);
  if (reason >= SSL_AD_REASON_OFFSET) return TlsFault::told_by_peer;
  switch (reason) {
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_VERSION_TOO_HIGH:
    case SSL_R_WRONG_SSL_VERSION:
    case SSL_R_NO_APPLICATION_PROTOCOL:
    case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
    case SSL_R_NO_SHARED_GROUPS:
    case SSL_R_NO_SUITABLE_KEY_SHARE:
    case SSL_R_NO_PROTOCOLS_AVAILABLE:
    case SSL_R_INAPPROPRIATE_FALLBACK:
      return TlsFault::no_agreement;
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
      return TlsFault::certificate;
    default:
      return TlsFault::not_tls;
  }
}

}  // namespace

std::string_view name_of(TlsFault fault) {
  switch (fault) {
    case TlsFault::none:
      return "none";
    case TlsFault::not_tls:
      return "not_tls";
    case TlsFault::no_agreement:
      return "no_agreement";
    case TlsFault::certificate:
      return "certificate";
    case TlsFault::told_by_peer:
      return "told_by_peer";
  }
  return "";
}

TlsEngine::TlsEngine(std::unique_ptr<Tls> tls) : tls_(std::move(tls)) {
  tls_->engine = this;
  BIO* const bio = Tls::bio_of(tls_.get());
  SSL_set_bio(tls_->ssl.get(), bio, bio);
}

TlsEngine::~TlsEngine() = default;

std::unique_ptr<TlsEngine> TlsEngine::accept(const ServerContext& context) {
  std::unique_ptr<TlsEngine> made(new TlsEngine(std::make_unique<Tls>(Tls{context.make()})));
  SSL_set_accept_state(made->tls_->ssl.get());
  return made;
}

std::unique_ptr<TlsEngine> TlsEngine::connect(const ClientContext& context) {
  std::unique_ptr<TlsEngine> made(new TlsEngine(std::make_unique<Tls>(Tls{context.make()})));
  made->client_ = &context;
  SSL_set_connect_state(made->tls_->ssl.get());
  return made;
}

void TlsEngine::begin() { shake_hands(); }

void TlsEngine::shake_hands() {
  forget_errors();
  const int result = SSL_do_handshake(tls_->ssl.get());
  if (result == 1) return on_open();
  judge(result);
}

void TlsEngine::on_open() {
  if (client_ != nullptr) {
    const X509* const certificate = SSL_get0_peer_certificate(tls_->ssl.get());
    if (certificate == nullptr || !client_->pinned(*certificate))
      return fail(TlsFault::certificate, "the server's certificate is none of those pinned");
  }
  state_ = State::open;
}

/// Whether the first bytes that come are less than the head of a record, for whose rest OpenSSL would wait,
/// and cannot be one. A hello in the form of SSL 2 has its first bit set.
bool TlsEngine::begins_otherwise(std::span<const std::byte> wire) const {
  constexpr unsigned kFirstType = 20, kLastType = 24, kOldHello = 0x80;
  if (heard_ || wire.empty() || wire.size() >= SSL3_RT_HEADER_LENGTH) return false;
  const auto type = std::to_integer<unsigned>(wire.front());
  return (type < kFirstType || type > kLastType) && (client_ != nullptr || (type & kOldHello) == 0);
}

/// As OpenSSL does it: who speaks TLS, or looks at what came, is told by an alert, unexpected_message.
void TlsEngine::turn_away(std::span<const std::byte> wire) {
  static constexpr std::array kAlert{std::byte{21}, std::byte{3}, std::byte{1}, std::byte{0},
                                     std::byte{2},  std::byte{2}, std::byte{10}};
  if (client_ == nullptr) sink_(sink_owner_, kAlert);
  fail(TlsFault::not_tls, "what came is no record of TLS: " + proto::hex_of(wire));
}

std::size_t TlsEngine::read(std::span<const std::byte>& wire, std::span<std::byte> plain) {
  if (state_ == State::handshaking && begins_otherwise(wire)) {
    turn_away(wire);
    wire = {};
    return 0;
  }
  heard_ = heard_ || !wire.empty();
  input_ = wire;
  std::size_t got = 0;
  if (state_ == State::handshaking) {
    shake_hands();
  } else {
    forget_errors();
    while (state_ == State::open && got < plain.size()) {
      std::size_t n = 0;
      const int result = SSL_read_ex(tls_->ssl.get(), plain.data() + got, plain.size() - got, &n);
      got += n;
      if (result == 1) continue;
      judge(result);
      break;
    }
  }
  wire = std::exchange(input_, {});
  return got;
}

bool TlsEngine::write(std::span<const std::byte> plain) {
  std::size_t n = 0;
  if (plain.empty()) return true;
  if (state_ == State::failed || closed_) return false;
  forget_errors();
  const int result = SSL_write_ex(tls_->ssl.get(), plain.data(), plain.size(), &n);
  if (result != 1) judge(result);
  return result == 1;
}

void TlsEngine::close() {
  if (closed_ || state_ == State::failed || state_ == State::handshaking) return;
  closed_ = true;
  forget_errors();
  if (SSL_shutdown(tls_->ssl.get()) < 0) ERR_clear_error();
}

/// What OpenSSL could not do: because there is nothing to read, or for good.
void TlsEngine::judge(int result) {
  switch (SSL_get_error(tls_->ssl.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return;
    case SSL_ERROR_ZERO_RETURN:
      if (state_ == State::handshaking)
        return fail(TlsFault::told_by_peer, "the other side has ended the handshake");
      state_ = State::ended;
      return;
    default:
      break;
  }
  const unsigned long code = ERR_peek_last_error();
  TlsFault fault = fault_of(code);
  const std::string turned_away = first_complaint();
  std::string reason = last_complaint();
  if (ERR_GET_REASON(code) == SSL_R_CERTIFICATE_VERIFY_FAILED) {
    const long why = SSL_get_verify_result(tls_->ssl.get());
    reason += ": " + (why == X509_V_ERR_CERT_REJECTED ? turned_away : X509_verify_cert_error_string(why));
  }
  fail(fault, std::move(reason));
}

void TlsEngine::fail(TlsFault fault, std::string reason) {
  state_ = State::failed;
  fault_ = fault;
  reason_ = std::move(reason);
}

bool TlsEngine::resumed() const { return SSL_session_reused(tls_->ssl.get()) == 1; }

std::string_view TlsEngine::version() const { return SSL_get_version(tls_->ssl.get()); }

std::string_view TlsEngine::protocol() const {
  const unsigned char* name = nullptr;
  unsigned length = 0;
  SSL_get0_alpn_selected(tls_->ssl.get(), &name, &length);
  return {reinterpret_cast<const char*>(name), length};
}

std::vector<std::string> TlsEngine::peer_names() const {
  const X509* const certificate = SSL_get0_peer_certificate(tls_->ssl.get());
  if (certificate == nullptr) return {};
  return subject_names(*certificate);
}

}  // namespace finishline::tls
