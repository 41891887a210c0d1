#include "lb/peers/engine_link.h"

#include <utility>

namespace finishline::peers {
namespace {

/// One that speaks none waits for the end of a line, in silence.
constexpr const char* kNoTls = "does not answer the TLS handshake: perhaps it speaks no TLS (rediss://)";

/// What redis has said, without what could spoil a line of the log.
std::string plain(std::string_view text) {
  std::string words(text.substr(0, 100));
  for (char& c : words)
    if (c < ' ' || c > '~') c = '?';
  return words;
}

}  // namespace

EngineLink::EngineLink(net::Loop& loop, const net::Address& address, const Introduction& introduction,
                       const tls::ClientContext* tls, Handlers handlers)
    : address_(address),
      introduction_(introduction),
      handlers_(std::move(handlers)),
      patience_(loop, [this] { lose(is_shaking_hands() ? kNoTls : "does not answer"); }),
      stream_(net::TcpStream::connect(loop, address, *this)) {
  if (tls != nullptr) stream_.begin_tls(tls::TlsEngine::connect(*tls));
  patience_.start(kPatience);
}

void EngineLink::send(std::initializer_list<std::string_view> words) {
  const std::string command = redis_command(std::span(words.begin(), words.size()));
  stream_.write(std::as_bytes(std::span(command)));
}

bool EngineLink::is_shaking_hands() const { return stage_ == Stage::connecting && stream_.tls() != nullptr; }

void EngineLink::on_connected() {
  const Introduction& it = introduction_;
  if (it.password.text.empty()) return ask_role();
  stage_ = Stage::introducing;
  if (it.user.empty()) {
    send({"AUTH", it.password.text});
  } else {
    send({"AUTH", it.user, it.password.text});
  }
}

void EngineLink::ask_role() {
  stage_ = Stage::asking_role;
  send({"ROLE"});
}

void EngineLink::on_bytes(std::span<const std::byte> bytes) {
  replies_.feed(bytes);
  while (auto reply = replies_.next()) {
    take(std::move(*reply));
    if (stage_ == Stage::lost) return;
  }
  if (!replies_.fault().empty()) lose("is no redis: " + plain(replies_.fault()));
}

void EngineLink::take(RedisReply reply) {
  if (stage_ == Stage::ready) return handlers_.on_reply(std::move(reply));
  if (reply.is_error()) return lose("refuses: " + plain(reply.text));
  switch (stage_) {
    case Stage::introducing:
      return ask_role();
    case Stage::asking_role:
      return take_role(reply);
    case Stage::selecting:
      return become_ready();
    case Stage::asking_sentinel:
      return take_master(reply);
    default:
      return lose("speaks unasked");
  }
}

void EngineLink::take_role(const RedisReply& reply) {
  if (reply.begins_with("sentinel") && !introduction_.sentinel_master.empty()) {
    stage_ = Stage::asking_sentinel;
    return send({"SENTINEL", "get-master-addr-by-name", introduction_.sentinel_master});
  }
  if (reply.begins_with("sentinel")) return lose("is a sentinel, and peers.sentinel_master is not set");
  if (!reply.begins_with("master")) return lose("is no master");
  if (introduction_.database == 0) return become_ready();
  stage_ = Stage::selecting;
  send({"SELECT", std::to_string(introduction_.database)});
}

void EngineLink::take_master(const RedisReply& reply) {
  if (reply.list.size() != 2) return lose("knows no master '" + introduction_.sentinel_master + "'");
  const std::string &host = reply.list[0].text, &port = reply.list[1].text;
  const bool v6 = host.find(':') != std::string::npos;
  const auto read = net::parse_endpoint((v6 ? '[' + host + ']' : host) + ':' + port);
  const auto* const endpoint = std::get_if<net::Endpoint>(&read);
  if (endpoint == nullptr || !endpoint->address)
    return lose("names a master that is no address: " + plain(host));
  stage_ = Stage::lost;
  patience_.stop();
  handlers_.on_moved(endpoint->address);
}

void EngineLink::become_ready() {
  stage_ = Stage::ready;
  patience_.stop();
  handlers_.on_ready();
}

void EngineLink::on_end(net::End end) {
  const std::string why = stream_.why(end);
  lose(stage_ == Stage::connecting ? "cannot be connected to: " + why : why);
}

void EngineLink::on_lost(net::End end) { lose(stream_.why(end)); }

void EngineLink::lose(std::string reason) {
  if (stage_ == Stage::lost) return;
  stage_ = Stage::lost;
  patience_.stop();
  handlers_.on_lost(reason);
}

}  // namespace finishline::peers
