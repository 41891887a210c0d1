#include "lb/peers/engine.h"

#include <utility>

namespace finishline::peers {

using ledger::EngineState;

PeerEngine::PeerEngine(net::Loop& loop, Options options, Handlers handlers, std::uint64_t seed)
    : loop_(loop),
      options_(std::move(options)),
      handlers_(std::move(handlers)),
      random_(seed),
      again_(loop, [this] { connect(); }) {
  if (options_.addresses.empty()) {
    state_ = EngineState::lost;
    reason_ = options_.unresolved;
  } else {
    again_.start(0ns);
  }
}

std::string PeerEngine::place() const { return says_ ? says_->address().to_string() : ""; }

bool PeerEngine::takes() const {
  return says_ && says_->ready() && hears_ && subscribed_ && unanswered_.size() < kMostUnanswered;
}

void PeerEngine::say(std::string_view bytes) {
  unanswered_.emplace_back();
  says_->send({"PUBLISH", options_.channel, bytes});
}

void PeerEngine::ask(std::initializer_list<std::string_view> words,
                     std::function<void(const RedisReply&)> take) {
  unanswered_.push_back(std::move(take));
  says_->send(words);
}

void PeerEngine::came_back(Instant now) {
  heard_at_ = now;
  if (state_ == EngineState::connected) return;
  pause_.reset();
  enter(EngineState::connected, "");
}

void PeerEngine::look(Instant now) {
  done_.clear();
  if (!subscribed_) return;
  if (state_ == EngineState::connected && now - heard_at_ > options_.silence)
    enter(EngineState::lost, place() + " does not answer");
  if (now - heard_at_ > kGiveUp) return lose(place() + " does not answer");
  if (now - role_asked_at_ >= kAskRole && takes()) ask_role(now);
}

/// One that has become a replica goes on to carry what is said, but only to those who are there, too.
void PeerEngine::ask_role(Instant now) {
  role_asked_at_ = now;
  ask({"ROLE"}, [this](const RedisReply& reply) {
    if (!reply.begins_with("master")) lose(place() + " is no master any more");
  });
}

// --- connections -------------------------------------------------------------------------------------

void PeerEngine::connect() {
  done_.clear();
  if (state_ == EngineState::off) enter(EngineState::connecting, "");
  subscribed_ = false;
  unanswered_.clear();
  says_ = link(false);
  hears_ = link(true);
  moved_.reset();
}

std::unique_ptr<EngineLink> PeerEngine::link(bool hears) {
  const config::EngineAddress to = moved_ ? config::EngineAddress{*moved_, moved_->host_text()}
                                          : options_.addresses[next_ % options_.addresses.size()];
  const std::string place = to.address.to_string() + ' ';
  return std::make_unique<EngineLink>(
      loop_, to.address, options_.introduction, options_.tls(to.host),
      EngineLink::Handlers{.on_ready = [this, hears] { on_ready(hears); },
                           .on_reply = [this, hears](const RedisReply& reply) { on_reply(hears, reply); },
                           .on_moved = [this](const net::Address& master) { move_to(master); },
                           .on_lost = [this, place](const std::string& reason) { lose(place + reason); }});
}

void PeerEngine::on_ready(bool hears) {
  if (hears) hears_->send({"SUBSCRIBE", options_.channel, options_.changed});
}

void PeerEngine::on_reply(bool hears, const RedisReply& reply) {
  if (!hears) return take_answer(reply);
  if (reply.is_error()) return lose(place() + " refuses: " + reply.text.substr(0, 100));
  if (reply.begins_with("subscribe")) {
    subscribed_ = true;
    heard_at_ = loop_.now();
  } else if (reply.begins_with("message") && reply.list.size() == 3) {
    if (reply.list[1].text == options_.changed) return handlers_.on_changed();
    handlers_.on_message(reply.list[2].text);
  }
}

/// Who asked deals with errors; a report that is refused means that none will be taken.
void PeerEngine::take_answer(const RedisReply& reply) {
  if (unanswered_.empty()) return;
  const auto take = std::move(unanswered_.front());
  unanswered_.pop_front();
  if (take) return take(reply);
  if (reply.is_error()) lose(place() + " refuses: " + reply.text.substr(0, 100));
}

/// The links may be what has called us: they stay until the next look.
void PeerEngine::drop_links() {
  subscribed_ = false;
  for (auto* link : {&says_, &hears_})
    if (*link) done_.push_back(std::move(*link));
}

void PeerEngine::lose(const std::string& reason) {
  if (again_.active()) return;
  enter(EngineState::lost, reason);
  drop_links();
  ++next_;
  again_.start(pause_.next(random_.unit()));
}

void PeerEngine::move_to(const net::Address& master) {
  if (again_.active()) return;
  drop_links();
  moved_ = master;
  again_.start(0ns);
}

void PeerEngine::enter(EngineState state, const std::string& reason) {
  if (state == state_ && reason == reason_) return;
  state_ = state;
  reason_ = reason;
  handlers_.on_state(state, reason);
}

}  // namespace finishline::peers
