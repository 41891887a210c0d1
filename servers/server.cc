#include "servers/server.h"

#include <algorithm>
#include <csignal>
#include <cstring>
#include <limits>
#include <string>
#include <utility>

#include "lb/log/log.h"

namespace finishline::server {
namespace {

constexpr double kCannot = std::numeric_limits<double>::infinity();

// The longest time that burning keeps the loop from reading.
constexpr Nanos kBurnSlice = 1ms;

// So long processes that are kept have to end by themselves.
constexpr Nanos kCommandPatience = 2s;

constexpr Nanos kSlowReadInterval = 50ms;

std::array<double, 256> nanos_per_unit(const Options& options) {
  std::array<double, 256> table{};
  for (int code = 0; code < 256; ++code) {
    const auto type = options.cost.request_type_of(static_cast<char>(code));
    table[code] = type ? options.cost.nanos_per_unit(options.type, *type, options.speed) : kCannot;
  }
  return table;
}

}  // namespace

Server::Server(net::Loop& loop, int listening_fd, const Options& options, std::function<void()> left)
    : loop_(loop),
      options_(options),
      left_(std::move(left)),
      nanos_per_unit_(nanos_per_unit(options)),
      faults_(options.faults),
      queue_(options.slots),
      usage_(loop.fresh_now()),
      started_at_(loop.now()),
      listener_(std::in_place, loop, listening_fd, *this),
      due_timer_(std::in_place, loop, [this] { on_due(); }),
      goodbye_timer_(std::in_place, loop, [this] { leave_if_done(); }),
      burial_(loop, [this] { retired_.clear(); }) {
  if (options_.exec) {
    commands_.emplace(loop, options_, [this](const Job& job, JobResult result) {
      on_command_result(job, std::move(result));
    });
  }
  if (options_.faults.delay > 0ns) delay_timer_.emplace(loop, [this] { on_delay_over(); });
  if (!options_.faults.slow_read) return;
  slow_read_timer_.emplace(loop, [this] {
    for (const auto& [id, connection] : connections_) connection->read_a_little();
  });
  slow_read_timer_->start(kSlowReadInterval, kSlowReadInterval);
}

// --- connections -------------------------------------------------------------------------------------

void Server::on_accept(net::TcpStream stream, const net::Address&) {
  const ConnectionId id = next_connection_++;
  if (options_.tls) stream.begin_tls(tls::TlsEngine::accept(*options_.tls));
  auto connection = Connection::make(id, std::move(stream), *this, options_);
  connection->start();
  if (mute_) connection->stop_reading();
  connections_.emplace(id, std::move(connection));
}

void Server::on_accept_error(int error) {
  log::write(log::Event::accept_failed, {{"reason", std::strerror(error)}});
}

// Who asks in frames and has ended its stream is gone: what the other side of TCP still reads is not told.
void Server::on_half_closed(Connection& from) {
  forget_queued(from);
  if (commands_ && options_.protocol == Protocol::frame) commands_->cancel_running(from.id());
}

void Server::on_closed(Connection& from) {
  forget_queued(from);
  if (commands_) commands_->cancel_running(from.id());
  auto node = connections_.extract(from.id());
  if (node.empty()) return;
  retired_.push_back(std::move(node.mapped()));
  burial_.start(0ns);
  leave_if_done();
}

void Server::forget_queued(Connection& connection) {
  if (commands_) {
    for (const std::uint64_t tag : commands_->drop_waiting(connection.id())) {
      connection.wait_ends(take(tag).body.size());
    }
  }
  if (queue_.empty()) return;
  for (const std::uint64_t tag : queue_.drop(connection.id(), loop_.now())) {
    connection.wait_ends(take(tag).body.size());
  }
  arm();
}

Connection* Server::find(ConnectionId id) {
  const auto found = connections_.find(id);
  return found == connections_.end() ? nullptr : found->second.get();
}

// --- work --------------------------------------------------------------------------------------------

void Server::on_request(Connection& from, const proto::FrameHeader& asked, std::span<const std::byte> body) {
  ++received_;
  if (draining_) return refuse_late(from, asked);
  if (faults_.refuses()) return give(from, {.asked = asked, .status = proto::Status::overloaded});
  const double per_unit = nanos_per_unit_[static_cast<std::uint8_t>(asked.type)];
  if (per_unit == kCannot) return give(from, {.asked = asked, .status = proto::Status::unknown_type});
  const Nanos service = service_time(asked.length, per_unit) + faults_.extra_work();
  if (commands_) return admit_command(from, {from.id(), asked, {body.begin(), body.end()}, service});
  if (service == 0ns && queue_.empty() && !delay_timer_) return reply(from, {.asked = asked, .body = body});
  admit(from, {from.id(), asked, {body.begin(), body.end()}, service});
}

void Server::refuse_late(Connection& from, const proto::FrameHeader& asked) {
  goodbye_.refused(loop_.now());
  give(from, {.asked = asked, .status = proto::Status::draining});
}

void Server::admit(Connection& from, Pending pending) {
  from.wait_begins(pending.body.size());
  const Nanos service = pending.service;
  queue_.admit({from.id(), pending_.add(std::move(pending)).packed(), service}, loop_.now());
  arm();
}

/// Commands have their slots for good, and a core that is kept busy is one.
proto::Status Server::on_resize(std::uint32_t slots) {
  constexpr std::uint32_t kMostSlots = 65536;
  if (draining_) return proto::Status::draining;
  if (commands_ || options_.burn || slots == 0 || slots > kMostSlots) return proto::Status::server_error;
  queue_.resize(slots, loop_.now());
  arm();
  return proto::Status::ok;
}

void Server::admit_command(Connection& from, Pending pending) {
  from.wait_begins(pending.body.size());
  const proto::FrameHeader asked = pending.asked;
  const auto type = options_.cost.request_type_of(asked.type);
  const SlotKey key = pending_.add(std::move(pending));
  const Pending& kept = *pending_.find(key);
  Job job{.tag = key.packed(),
          .connection = from.id(),
          .words = {asked.length, options_.cost.request_types()[*type].name, asked.id},
          .body = kept.body,
          .expected = estimate_.expected(asked.type, kept.service)};
  if (asked.detail > 0) job.deadline = loop_.now() + std::chrono::milliseconds(asked.detail);
  commands_->admit(std::move(job));
}

/// Who asks for what is answered already, or is held back on its way, gets that answer.
void Server::on_cancel(Connection& from, std::uint64_t id) {
  std::optional<SlotKey> found;
  pending_.each([&](SlotKey key, const Pending& it) {
    if (it.connection == from.id() && it.asked.id == id) found = key;
  });
  if (!found) return;
  if (commands_ && !commands_->withdraw(found->packed())) return;
  const std::optional<Nanos> worked = commands_ ? 0ns : queue_.cancel(found->packed(), loop_.now());
  if (!worked) return;
  const Pending pending = pending_.take(*found);
  from.wait_ends(pending.body.size());
  reply(from, {.asked = pending.asked,
               .status = proto::Status::cancelled,
               .service = *worked,
               .backlog = backlog(loop_.now())});
  arm();
  leave_if_done();
}

void Server::on_command_result(const Job& job, JobResult result) {
  const Pending pending = take(job.tag);
  if (result.status == proto::Status::ok)
    estimate_.learn(pending.asked.type, pending.service, result.service);
  if (Connection* to = find(pending.connection)) {
    to->wait_ends(pending.body.size());
    reply(*to, {.asked = pending.asked,
                .body = result.body,
                .status = result.status,
                .service = result.service,
                .backlog = backlog(loop_.now())});
  }
  leave_if_done();
}

void Server::on_due() {
  armed_.reset();
  if (options_.burn) burn();
  const Instant now = loop_.fresh_now();
  while (const auto done = queue_.take_done(now)) {
    Pending pending = take(done->tag);
    if (delay_timer_) {
      held_back_.push_back({now + options_.faults.delay, std::move(pending)});
    } else {
      reply_to(pending);
    }
  }
  arm();
  arm_delay();
  leave_if_done();
}

void Server::on_delay_over() {
  const Instant now = loop_.fresh_now();
  while (!held_back_.empty() && held_back_.front().until <= now) {
    const Pending pending = std::move(held_back_.front().pending);
    held_back_.pop_front();
    reply_to(pending);
  }
  arm_delay();
  leave_if_done();
}

// Sets the timer only when what it waits for has changed: one system call less per request that queues up.
void Server::arm() {
  const auto due = queue_.next_due();
  if (due == armed_ || !due_timer_) return;
  armed_ = due;
  if (!due) return due_timer_->stop();
  due_timer_->start_at(options_.burn ? loop_.now() : *due);
}

void Server::arm_delay() {
  if (delay_timer_ && !held_back_.empty()) delay_timer_->start_at(held_back_.front().until);
}

void Server::burn() const {
  const auto due = queue_.next_due();
  const Instant slice_end = std::chrono::steady_clock::now() + kBurnSlice;
  while (due && std::chrono::steady_clock::now() < std::min(*due, slice_end)) {
  }
}

// --- replies -----------------------------------------------------------------------------------------

void Server::reply_to(const Pending& pending) {
  Connection* to = find(pending.connection);
  if (to == nullptr) return;
  to->wait_ends(pending.body.size());
  reply(*to, {.asked = pending.asked,
              .body = pending.body,
              .service = pending.service,
              .backlog = backlog(loop_.now())});
}

Nanos Server::backlog(Instant now) const {
  if (commands_) return commands_->backlog(now);
  return queue_.empty() ? 0ns : queue_.backlog(now);
}

void Server::reply(Connection& to, Answer answer) {
  if (mute_) return;
  answer.fate = faults_.next();
  if (answer.fate == Fate::crash) return crash();
  if (answer.fate == Fate::stall) return stall();
  if (answer.fate == Fate::fail) {
    answer.status = proto::Status::server_error;
    answer.body = {};
  }
  give(to, answer);
}

void Server::give(Connection& to, const Answer& answer) {
  ++answered_[static_cast<std::size_t>(answer.status)];
  to.answer(answer);
}

void Server::stall() {
  mute_ = true;
  for (const auto& [id, connection] : connections_) connection->stop_reading();
}

// Not before the replies already written are sent.
void Server::crash() {
  stall();
  // What this turn wrote leaves after the timers of the next: the second call finds it sent.
  crash_timer_.emplace(loop_, [calls = 0]() mutable {
    if (++calls == 2) std::raise(SIGKILL);
  });
  crash_timer_->start(1ms, 1ms);
}

ServerStatus Server::status() {
  const Instant now = loop_.now();
  return {.type = options_.cost.server_types()[options_.type],
          .slots = commands_ ? options_.slots : queue_.slots(),
          .connections = connections_.size(),
          .queued = pending_.size() + held_back_.size(),
          .draining = draining_,
          .backlog = backlog(now),
          .uptime = now - started_at_,
          .usage = usage_.usage(now),
          .cpu_ratio = usage_.cpu_ratio(now),
          .received = received_,
          .answered = answered_};
}

// --- the end -----------------------------------------------------------------------------------------

void Server::drain() {
  if (draining_) return;
  draining_ = true;
  listener_.reset();
  for (const auto& [id, connection] : connections_) connection->say_goaway();
  leave_if_done();
}

void Server::leave_if_done() {
  if (!draining_ || leaving_ || !(idle() || mute_)) return;
  goodbye_.drained(loop_.now());
  if (connections_.empty() || mute_ || loop_.now() >= goodbye_.ends()) return leave();
  goodbye_timer_->start_at(goodbye_.ends());
}

// The connections take themselves out of the table while they close.
void Server::leave() {
  leaving_ = true;
  while (!connections_.empty()) connections_.begin()->second->close();
  if (commands_) commands_->retire(kCommandPatience);
  due_timer_.reset();
  delay_timer_.reset();
  slow_read_timer_.reset();
  crash_timer_.reset();
  goodbye_timer_.reset();
  if (left_) std::exchange(left_, nullptr)();
}

void Server::stop() {
  draining_ = leaving_ = true;
  listener_.reset();
  while (!connections_.empty()) connections_.begin()->second->reset();
  leave();
  if (commands_) commands_->retire(0ns);
}

}  // namespace finishline::server
