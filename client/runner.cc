#include "client/runner.h"

#include <algorithm>
#include <utility>

#include "proto/looks_like.h"
#include "proto/quantity.h"

namespace finishline::client {
namespace {

constexpr Nanos kTick = 100ms;
constexpr Nanos kStartPatience = 1s;         // after this we begin without the connections that are not there
constexpr std::uint32_t kMostAttempts = 10;  // of a request that loses one server after another
// Refusals of one request that are borne, by who refuses: it says when to come again, it does not, it is
// about to stop.
constexpr std::uint32_t kMostTimed = 1000;
constexpr std::uint32_t kMostUntimed = 20;
constexpr std::uint32_t kMostDraining = 10;
constexpr unsigned kMostHopeless = 5;  // connections in a row that bring nothing to be understood
constexpr unsigned kMostSilent = 4;    // connections in a row that are closed before a byte comes ...
constexpr Nanos kSilentPatience = 1s;  // ... by a peer that has not answered a single request for so long
constexpr Nanos kNoticeable = 700ms;   // without a connection, and somebody should know
constexpr Nanos kTakeBackPatience = 500ms;
constexpr Nanos kOutage = 2s;  // without any connection: that is the time of connect_timeout

std::string hint_of(proto::Speech speech, bool mini) {
  switch (speech) {
    case proto::Speech::tls:
      return ": add --tls";
    case proto::Speech::mini:
      return ": add --protocol mini";
    case proto::Speech::http:
      return ": is it the admin address?";
    case proto::Speech::frame:
      return mini ? ": leave out --protocol mini" : "";
    default:
      return "";
  }
}

}  // namespace

Runner::Runner(net::Loop& loop, Settings settings, model::LoadPlan plan, const CostModel& cost, Tally& tally,
               Journal& journal)
    : loop_(loop),
      settings_(std::move(settings)),
      plan_(std::move(plan)),
      tally_(tally),
      warm_up_(cost.request_types().size()),
      journal_(journal),
      due_(loop, [this] { on_due(); }),
      ticker_(loop, [this] { tick(); }),
      later_due_(loop, [this] { send_later_ones(); }),
      taken_back_by_(loop, [this] { loop_.stop(); }) {
  for (const RequestTypeSpec& type : cost.request_types()) codes_.push_back(type.code);
  for (std::uint32_t i = 0; i < settings_.connections; ++i)
    connections_.push_back(
        std::make_unique<Connection>(loop_, settings_.wire, static_cast<Connection::Owner&>(*this), i));
}

Ending Runner::play() {
  last_ready_ = connecting_since_ = loop_.fresh_now();
  ticker_.start(kTick, kTick);
  advance();
  for (const auto& connection : connections_) connection->open();
  if (!stopped_) loop_.run();
  taken_back_by_.stop();
  close_connections();
  return ending_;
}

void Runner::stop(Ending ending) {
  if (stopped_) return;
  stopped_ = true;
  ending_ = std::move(ending);
  take_back();
}

/// Nobody waits any more for what is open: servers need not work on it.
void Runner::take_back() {
  if (open_ == 0 || settings_.wire.mini) return loop_.stop();
  for (const auto& connection : connections_) connection->take_back();
  taken_back_by_.start(kTakeBackPatience);
}

Nanos Runner::elapsed() const { return begun_ ? loop_.now() - start_ : 0ns; }

void Runner::begin() {
  begun_ = true;
  start_ = last_life_ = loop_.fresh_now();
  journal_.begin(start_);
  tally_.begin(start_);
  spread();
}

// --- what is due ---------------------------------------------------------------------------------------

/// One request for each connection with room, in turns, until nothing is due or nobody has room.
void Runner::spread() {
  for (std::size_t full = 0; full < connections_.size() && !stopped_;) {
    Connection& connection = *connections_[turn_++ % connections_.size()];
    if (!connection.has_room()) {
      ++full;
      continue;
    }
    full = 0;
    if (!send_one(connection)) return await_next();
  }
}

void Runner::fill(Connection& connection) {
  while (connection.has_room()) {
    if (!send_one(connection)) return await_next();
  }
}

/// False when nothing is due.
bool Runner::send_one(Connection& connection) {
  auto request = take_due();
  if (!request) return false;
  if (open_++ == 0 && request->attempts == 0) last_life_ = loop_.now();
  if (request->attempts++ == 0) {
    request->sent = loop_.now();
    tally_of(*request).sent(*request, open_);
    journal_.sent(*request);
  } else {
    tally_of(*request).sent_again();
  }
  connection.send(*request);
  return true;
}

/// The next of our share.
void Runner::advance() {
  do {
    number_ = planned_++;
    ahead_ = plan_.next();
  } while (ahead_ && number_ % settings_.share.count != settings_.share.index);
}

/// The next request whose time has come.
std::optional<Request> Runner::take_due() {
  if (!again_.empty()) {
    const Request request = again_.front();
    again_.pop_front();
    return request;
  }
  end_plan_in_time();
  const Instant now = loop_.now();
  if (!ahead_ || (settings_.open_loop ? start_ + ahead_->at > now : places_are_taken())) return std::nullopt;
  Request request;
  request.number = number_;
  request.intended = settings_.open_loop ? start_ + ahead_->at : now;
  request.length = ahead_->length;
  request.type = ahead_->type;
  request.code = codes_[ahead_->type];
  request.priority = settings_.priorities.of(request.number);
  request.warm_up = request.intended - start_ < settings_.warmup;
  advance();
  return request;
}

/// In a closed loop, a request that is to be sent once more keeps its place, so that no other is sent in it.
bool Runner::places_are_taken() const {
  const std::size_t places = connections_.size() * settings_.wire.depth;
  return places > 0 && open_ + again_.size() + later_.size() >= places;
}

void Runner::on_due() {
  armed_for_ = kNotArmed;
  loop_.fresh_now();
  if (begun_) spread();
}

void Runner::end_plan_in_time() {
  if (!settings_.open_loop && settings_.duration > 0ns && elapsed() >= settings_.duration) ahead_.reset();
}

/// Nothing is due: wakes up for the next of an open loop, or ends the run.
void Runner::await_next() {
  end_if_done();
  if (!ahead_ || !settings_.open_loop || armed_for_ == ahead_->at) return;
  armed_for_ = ahead_->at;
  due_.start_at(start_ + ahead_->at);
}

void Runner::end_if_done() {
  if (stopped_ && open_ == 0) loop_.stop();
  if (begun_ && open_ == 0 && nothing_left()) stop({});
}

// --- what the connections tell ---------------------------------------------------------------------------

void Runner::on_room(Connection& connection) {
  if (stopped_) return;
  if (loop_.now() - last_ready_ > kOutage) last_life_ = loop_.now();
  last_ready_ = loop_.now();
  if (begun_) return fill(connection);
  if (++connects_ == connections_.size()) begin();
}

void Runner::on_answer(Connection& connection, const Request& request, const Answer& answer, Instant now) {
  --open_;
  answered_ = true;
  last_life_ = now;
  hopeless_ = 0;
  if (answer.status == proto::Status::draining) connection.leave();
  Request again = request;
  if (const auto at = sent_again_at(again, answer, now)) return send_later(again, *at);
  tally_of(request).answered(request, answer, now);
  journal_.ended(request, proto::name_of(answer.status), now, answer.server);
  end_if_done();
}

std::optional<Instant> Runner::sent_again_at(Request& request, const Answer& answer, Instant now) {
  if (!settings_.retry || stopped_) return std::nullopt;
  if (answer.status == proto::Status::server_lost && request.attempts - request.refusals < kMostAttempts)
    return now + kTick;
  const bool draining = answer.status == proto::Status::draining;
  if (!draining && answer.status != proto::Status::overloaded) return std::nullopt;
  if (request.refusals == (draining ? kMostDraining : answer.service_us > 0 ? kMostTimed : kMostUntimed))
    return std::nullopt;
  ++request.refusals;
  tally_of(request).refused();
  if (draining) return now;  // the connection has been left: it waits for another one
  if (answer.service_us == 0) return now + request.refusals * 1ms;
  const Nanos told = std::max<Nanos>(std::chrono::microseconds(answer.service_us), 1ms);
  // Stretched by up to a half, so that those refused together do not come back together.
  return now + told + told * static_cast<Nanos::rep>(request.number * 37 % 64) / 128;
}

/// A connection has come to nothing in a way that rarely mends itself: five in a row are enough.
void Runner::count_hopeless(std::string why) {
  if (++hopeless_ == kMostHopeless) stop({Ending::Kind::gave_up, std::move(why)});
}

void Runner::on_garbled(std::span<const std::byte> first, Instant now) {
  on_wrong(nullptr, Fault::garbled, now);
  const proto::Guess guess = proto::what_it_looks_like(first);
  std::string why = settings_.wire.route.target.to_string() + " sends no replies but " + proto::hex_of(first);
  if (!guess.words.empty())
    why += ", which looks like " + guess.words + hint_of(guess.speech, settings_.wire.mini);
  count_hopeless(std::move(why));
}

void Runner::on_silent(unsigned times) { most_silent_ = std::max(most_silent_, times); }

void Runner::on_tls_failed(tls::TlsFault fault, const std::string& why) {
  if (fault == tls::TlsFault::told_by_peer)
    return count_hopeless(settings_.wire.route.target.to_string() + " ends TLS: " + why);
  stop({Ending::Kind::gave_up, why, fault});
}

void Runner::send_later(const Request& request, Instant at) {
  later_.emplace(at, request);
  later_due_.start_at(later_.begin()->first);
}

void Runner::on_wrong(const Request* request, Fault fault, Instant now) {
  (request == nullptr ? tally_ : tally_of(*request)).wrong(fault);
  if (request == nullptr) return;
  last_life_ = now;
  --open_;
  journal_.ended(*request, "wrong", now);
  end_if_done();
}

void Runner::on_lost(const std::vector<Request>& orphans, bool was_open, const std::string& why) {
  last_failure_ = why;
  open_ -= orphans.size();
  if (was_open && !stopped_) tally_.disconnected();
  if (settings_.retry || stopped_) {
    again_.insert(again_.end(), orphans.begin(), orphans.end());
    return stopped_ ? end_if_done() : spread();
  }
  for (const Request& request : orphans) {
    tally_of(request).lost();
    journal_.ended(request, "connection_lost", loop_.now());
  }
  end_if_done();
}

bool Runner::wants_renewal() { return !stopped_ && !nothing_left(); }

// --- time ------------------------------------------------------------------------------------------------

void Runner::tick() {
  if (tick_hook_) tick_hook_();
  if (stopped_) return;
  const Instant now = loop_.now();
  const bool connected =
      std::any_of(connections_.begin(), connections_.end(), [](const auto& c) { return c->ready(); });
  if (connected) last_ready_ = now;
  if (!begun_ && connected && now - connecting_since_ > kStartPatience) begin();
  if (waiting_hook_ && !begun_ && !connected && now - connecting_since_ > kNoticeable)
    std::exchange(waiting_hook_, nullptr)(last_failure_);
  if (!begun_) return give_up_if_silent(now);
  end_plan_in_time();
  end_if_done();
  give_up_if_silent(now);
}

void Runner::send_later_ones() {
  last_life_ = loop_.fresh_now();
  const auto not_due = later_.upper_bound(last_life_);
  for (auto it = later_.begin(); it != not_due; ++it) again_.push_back(it->second);
  later_.erase(later_.begin(), not_due);
  if (!later_.empty()) later_due_.start_at(later_.begin()->first);
  spread();
}

/// Whether connections are closed, again and again, by a peer that has not answered a single request.
bool Runner::seems_foreign(Instant now) const {
  const unsigned enough = settings_.silent_before ? kMostSilent / 2 : kMostSilent;
  return begun_ && !answered_ && most_silent_ >= enough && now - start_ > kSilentPatience;
}

void Runner::give_up_if_silent(Instant now) {
  const std::string address = settings_.wire.route.target.to_string();
  if (seems_foreign(now))
    return stop({Ending::Kind::gave_up,
                 address + " closes each connection without a word of the protocol: is it a listener of " +
                     "Finishline, and not the admin address or another service? (" + last_failure_ + ")",
                 tls::TlsFault::none, true});
  if (now - last_ready_ > settings_.connect_timeout)
    return stop({Ending::Kind::gave_up, "no connection to " + address + " within " +
                                            human(settings_.connect_timeout) + ": " + last_failure_});
  // Between two connections what was on the first waits for the second.
  const std::size_t waiting = open_ + (now - last_ready_ < kOutage ? again_.size() : 0);
  if (waiting > 0 && settings_.reply_timeout > 0ns && now - last_life_ > settings_.reply_timeout)
    stop({Ending::Kind::gave_up,
          "no reply from " + address + " for " + human(settings_.reply_timeout) + ", with " +
              counted(waiting, "request") + " open" +
              (tally_.disconnects() > 0 ? "; the last connection was lost: " + last_failure_ : ""),
          tls::TlsFault::none, !answered_});
}

void Runner::close_connections() {
  for (const auto& connection : connections_) {
    const auto left = connection->close();
    again_.insert(again_.end(), left.begin(), left.end());
  }
  for (const auto& [at, request] : later_) again_.push_back(request);
  for (const Request& request : again_) {
    tally_of(request).unanswered(1);
    journal_.ended(request, "unanswered", loop_.now());
  }
}

}  // namespace finishline::client
