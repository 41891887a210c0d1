#include "proto/c/client.h"

#include <algorithm>
#include <utility>

#include "proto/c/error_text.h"

namespace finishline::clib {
namespace {

using State = ClientRequest::State;

constexpr std::size_t kReadBytes = 256 * 1024;
constexpr std::size_t kOutboxBytes = 1024 * 1024;  // above that, requests wait in the queue
constexpr Nanos kShortestAttempt = 1s;
constexpr Nanos kCancelPatience = 100ms;

// One address that does not answer must leave time for the others.
Nanos longest_attempt(const AddressList& addresses, std::optional<Nanos> connect_timeout) {
  const auto count = static_cast<std::int64_t>(addresses.addresses().size());
  return std::max(connect_timeout.value_or(10s) / count, kShortestAttempt);
}

int result_of(const proto::FrameHeader& header) {
  if (header.kind == proto::Kind::pong) return FINISHLINE_OK;
  return static_cast<int>(std::min<std::uint32_t>(header.detail, INT32_MAX));
}

ReplySlot reply_with(int result) {
  ReplySlot reply;
  reply->result = result;
  return reply;
}

}  // namespace

Client::Client(AddressList addresses, const ClientRules& rules)
    : rules_(rules),
      connector_(addresses, rules.retry, longest_attempt(addresses, rules.connect_timeout), poller_),
      block_(kReadBytes) {}

finishline_ticket Client::submit(Question question, Waiter waiter, Instant now) {
  auto entry =
      std::make_unique<Entry>(Entry{ClientRequest(std::move(question), now, rules_.timeout), waiter});
  const SlotKey key = requests_.add(std::move(entry));
  queue(key, **requests_.find(key), now);
  return key.packed();
}

bool Client::cancel(finishline_ticket ticket) {
  const SlotKey key = SlotKey::unpacked(ticket);
  auto* const entry = requests_.find(key);
  if (entry == nullptr) return false;
  take_back(key, **entry);
  finish(key, **entry, FINISHLINE_WITHDRAWN);
  return true;
}

// Where it has been put on a connection, the other side hears of it.
void Client::take_back(SlotKey key, const Entry& entry) {
  if (entry.request.state != State::open || entry.request.question().kind != proto::Kind::request) return;
  if (Link* const link = find(entry.request.link)) link->cancel(key.packed());
}

void Client::turn(int at_most_ms) {
  send_queued(clock_now());
  if (!ended_.empty()) at_most_ms = 0;
  const auto events = poller_.wait(at_most_ms);
  const Instant now = clock_now();
  for (const Poller::Event& event : events) handle(event, now);
  fire_timers(now);
  close_done_links();
  tell();
  send_queued(now);
}

void Client::announce() {
  if (current_ != nullptr) current_->want_write();
}

void Client::end_all() {
  requests_.each(
      [&](SlotKey key, std::unique_ptr<Entry>& entry) { finish(key, *entry, FINISHLINE_WITHDRAWN); });
  tell();
}

void Client::close() {
  closed_ = true;
  requests_.each([&](SlotKey key, std::unique_ptr<Entry>& entry) { take_back(key, *entry); });
  end_all();
  say_cancels();
}

void Client::say_cancels() {
  const auto waits = [this] {
    return std::ranges::any_of(links_, [](const auto& each) { return each->takes_back(); });
  };
  const Instant until = clock_now() + kCancelPatience;
  for (Instant now = clock_now(); waits() && now < until; now = clock_now())
    for (const Poller::Event& event : poller_.wait(poll_ms(until, now))) handle(event, now);
}

std::optional<finishline_completion> Client::next_completion() {
  if (kept_.empty()) return std::nullopt;
  Ended ended = std::move(kept_.front());
  kept_.pop_front();
  if (!ended.words.empty()) failed(ended.reply->result, ended.words);
  return finishline_completion{ended.ticket, ended.waiter.user, ended.reply.take()};
}

Instant Client::next_time() const {
  if (!ended_.empty()) return Instant::min();
  Instant next = timers_.empty() ? kNever : timers_.begin()->first;
  if (queued_ > 0 && current_ == nullptr) next = std::min(next, connector_.due().value_or(Instant::min()));
  return next;
}

// --- towards the other side --------------------------------------------------------------------------

void Client::send_queued(Instant now) {
  while (!queue_.empty() && room_on_link(now)) {
    const SlotKey key = queue_.front();
    queue_.pop_front();
    auto* const entry = requests_.find(key);
    if (entry != nullptr && (*entry)->request.state == State::queued) put(key, **entry, now);
  }
  if (current_ != nullptr && !current_->out.empty()) flush(*current_, now);
}

bool Client::room_on_link(Instant now) {
  if (queued_ == 0) {
    queue_.clear();
    connector_.rest();
    return false;
  }
  if (current_ == nullptr) connector_.pursue(now);
  return current_ != nullptr && current_->out.size() < kOutboxBytes;
}

void Client::put(SlotKey key, Entry& entry, Instant now) {
  const auto header = entry.request.next_header(key.packed(), now);
  if (!header) {
    const int late = entry.request.reached ? FINISHLINE_DEADLINE_EXCEEDED : FINISHLINE_NOT_SENT;
    return finish(key, entry, late, "the deadline had passed when there was one");
  }
  --queued_;
  entry.request.state = State::open;
  entry.request.link = current_->tag();
  entry.request.begins = current_->out.put_so_far();
  entry.request.until = kNever;
  ++current_->open;
  wake_at(key, entry, entry.request.limit());
  current_->out.put(*header, entry.request.question().body);
}

void Client::flush(Link& link, Instant now) {
  if (const Link::Ending ending = link.flush(); ending.result != 0) lose(link, ending, now);
}

// --- from the other side -----------------------------------------------------------------------------

void Client::handle(const Poller::Event& event, Instant now) {
  if (event.data.u64 == Connector::kTag) return connected(now);
  if ((event.events & EPOLLOUT) != 0)
    if (Link* const link = find(event.data.u64)) flush(*link, now);
  if ((event.events & ~std::uint32_t{EPOLLOUT}) != 0)
    if (Link* const link = find(event.data.u64)) read(*link, now);
}

void Client::connected(Instant now) {
  Descriptor socket = connector_.finish(now);
  if (!socket) return;
  const int fd = socket.get();
  links_.push_back(std::make_unique<Link>(std::move(socket), poller_, ++last_tag_, rules_.max_body));
  poller_.add(fd, EPOLLIN, last_tag_);
  current_ = links_.back().get();
}

void Client::read(Link& link, Instant now) {
  const Link::Ending ending = link.read(block_, [&](const proto::Frame& frame) { take(link, frame, now); });
  if (ending.result != 0) return lose(link, ending, now);
  if (link.going && current_ == &link) {
    current_ = nullptr;
    connector_.turn_away();
  }
}

// An answer that nobody waits for is dropped: its request has been cancelled, or was too late.
void Client::take(Link& link, const proto::Frame& frame, Instant now) {
  if (frame.header.kind == proto::Kind::goaway) {
    link.going = true;
    return;
  }
  if (link.takes(frame)) return;
  const SlotKey key = SlotKey::unpacked(frame.header.id);
  auto* const found = requests_.find(key);
  if (found == nullptr) return;
  Entry& entry = **found;
  if (entry.request.state != State::open || entry.request.link != link.tag()) return;
  if (!entry.request.answered_by(frame.header.kind)) return;
  entry.request.reached = true;
  leave_link(entry);
  ReplySlot reply = reply_with(result_of(frame.header));
  reply->service_us = frame.header.service_us;
  reply->origin = frame.header.origin;
  reply.set_body(frame.body);
  if (reply->result == FINISHLINE_OK) return finish(key, entry, std::move(reply), "");
  fail(key, entry, std::move(reply), "", now);
}

// What was open on it goes on or ends: nobody has worked on a request of which no byte has been sent.
void Client::lose(Link& link, const Link::Ending& ending, Instant now) {
  const std::uint64_t tag = link.tag();
  const std::uint64_t sent = link.out.sent_so_far();
  requests_.each([&](SlotKey key, std::unique_ptr<Entry>& entry) {
    if (entry->request.state != State::open || entry->request.link != tag) return;
    const bool begun = entry->request.begins < sent;
    entry->request.reached |= begun;
    leave_link(*entry);
    fail(key, *entry, reply_with(begun ? ending.result : FINISHLINE_NOT_SENT), ending.why, now);
  });
  if (current_ == &link) current_ = nullptr;
  std::erase_if(links_, [=](const auto& each) { return each->tag() == tag; });
}

// Those that take no new request, and on which nothing is open any more.
void Client::close_done_links() {
  std::erase_if(links_, [this](const auto& each) {
    return each.get() != current_ && each->open == 0 && !each->takes_back();
  });
}

Link* Client::find(std::uint64_t tag) {
  const auto found =
      std::find_if(links_.begin(), links_.end(), [=](const auto& each) { return each->tag() == tag; });
  return found == links_.end() ? nullptr : found->get();
}

// --- how a request goes on, or ends ------------------------------------------------------------------

void Client::queue(SlotKey key, Entry& entry, Instant now) {
  entry.request.state = State::queued;
  entry.request.until = after(now, rules_.connect_timeout);
  wake_at(key, entry, std::min(entry.request.until, entry.request.limit()));
  queue_.push_back(key);
  ++queued_;
}

void Client::fail(SlotKey key, Entry& entry, ReplySlot reply, const std::string& words, Instant now) {
  ClientRequest& request = entry.request;
  const auto pause = rules_.retry.pause_after(reply->result, reply->service_us, request.attempts(),
                                              request.question().retryable(), chance_.next());
  if (!pause || after(now, pause) >= request.limit()) return finish(key, entry, std::move(reply), words);
  request.state = State::pausing;
  request.until = now + *pause;
  wake_at(key, entry, request.until);
}

void Client::finish(SlotKey key, Entry& entry, int result, const std::string& words) {
  finish(key, entry, reply_with(result), words);
}

void Client::finish(SlotKey key, Entry& entry, ReplySlot reply, const std::string& words) {
  if (entry.request.state == State::open) leave_link(entry);
  if (entry.request.state == State::queued) --queued_;
  wake_at(key, entry, kNever);
  reply->attempts = entry.request.attempts();
  std::string all = reply->result == FINISHLINE_OK ? "" : words_for(*reply, words);
  ended_.push_back({key.packed(), entry.waiter, std::move(reply), std::move(all)});
  requests_.take(key);
}

void Client::wake_at(SlotKey key, Entry& entry, Instant when) {
  if (entry.request.wake == when) return;
  if (entry.request.wake != kNever) timers_.erase({entry.request.wake, key.packed()});
  entry.request.wake = when;
  if (when != kNever) timers_.emplace(when, key.packed());
}

void Client::fire_timers(Instant now) {
  while (!timers_.empty() && timers_.begin()->first <= now) {
    const SlotKey key = SlotKey::unpacked(timers_.begin()->second);
    fire(key, **requests_.find(key), now);
  }
}

// Who has never been sent is told so, also when the time for all of it ends first.
void Client::fire(SlotKey key, Entry& entry, Instant now) {
  const ClientRequest& request = entry.request;
  const std::string why = request.state == State::queued ? connector_.why() : "";
  if (now >= request.limit()) {
    take_back(key, entry);
    const bool unsent = request.state != State::open && !request.reached;
    return finish(key, entry, unsent ? FINISHLINE_NOT_SENT : request.result_at_limit(), why);
  }
  if (request.state == State::pausing) return queue(key, entry, now);
  finish(key, entry, FINISHLINE_NOT_SENT, why);
}

// The state is left as pausing, which counts nowhere; a finish or a pause comes behind it.
void Client::leave_link(Entry& entry) {
  Link* const link = find(entry.request.link);
  entry.request.state = State::pausing;
  if (link == nullptr) return;
  --link->open;
}

void Client::tell() {
  telling_ = true;
  for (std::size_t left = ended_.size(); left > 0; --left) {
    Ended ended = std::move(ended_.front());
    ended_.pop_front();
    if (ended.waiter.done == nullptr) {
      kept_.push_back(std::move(ended));
      continue;
    }
    if (!ended.words.empty()) failed(ended.reply->result, ended.words);
    ended.waiter.done(ended.waiter.user, ended.ticket, &*ended.reply);
  }
  telling_ = false;
}

}  // namespace finishline::clib
