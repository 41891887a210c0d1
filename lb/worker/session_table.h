// Owns the sessions of a worker: finds them by slot and generation, calls back those that paused,
// buries those that ended once the turn is over. Worker process.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "lb/ledger/metrics.h"
#include "lb/worker/request.h"
#include "lb/worker/session.h"
#include "proto/slot_map.h"

namespace finishline::worker {

class ByteBudget;

class SessionTable final : public AnswerSink {
 public:
  explicit SessionTable(ledger::WorkerMetrics& metrics) : metrics_(metrics) {}

  void add(std::unique_ptr<Session> session);
  bool answer(const ReplyAddress& address, const Answer& answer) override;
  bool awaited(const ReplyAddress& address) const override { return find(address) != nullptr; }
  ClientName name_of(const ReplyAddress& address) const override {
    const Session* const session = find(address);
    return session == nullptr ? name_of_gone(address) : session->client_name();
  }
  double weight_of(const ReplyAddress& address) const override {
    const Session* const session = find(address);
    return session == nullptr ? 0 : session->weight();
  }
  ledger::SourceHost host_of(const ReplyAddress& address) const override {
    const Session* const session = find(address);
    return session == nullptr ? ledger::SourceHost{} : session->host();
  }
  void kept(const ReplyAddress& address, std::ptrdiff_t bytes) override {
    if (Session* const session = find(address)) session->keep(bytes);
  }

  /// `session`, which is about to end, leaves requests behind that nobody waits for: name_of() knows its
  /// client until forget_gone().
  void remember(const Session& session);
  void forget_gone() { gone_.clear(); }
  /// `session` ends: found no more from now on, destroyed at the end of the turn.
  void retire(Session& session);
  /// `successor` takes the place of `session`: the connection goes on, and is counted once.
  void replace(Session& session, std::unique_ptr<Session> successor);
  /// `session` gets a resume() at the end of the turn.
  void resume_later(const Session& session);
  /// At the end of each turn.
  void end_turn();

  /// `session` holds more than its share: it is not read until keep_within() finds that it may be.
  void hold(Session& session, Instant now);
  /// At the end of each turn: lets those go on whose share allows it, and drops those whose clients move
  /// nothing when it has to be. Where there are many it looks at them every kWalkEvery only, for a turn can
  /// be shorter than a walk over all of them.
  void keep_within(ByteBudget& budget);
  /// `session` has paused with so many bytes: its turn comes when others have had as many, so that who wants
  /// little does not wait for all that others want (fair queueing by self-clocked finish tags: Golestani,
  /// IEEE INFOCOM 1994).
  void take_turn(Session& session, std::size_t bytes) { session.turn_ = turn_now_ + kTurn + bytes; }
  /// Servers take more: every session that paused and may go on gets a resume(), in the order of their turns.
  void resume_all();

  void drain_all();
  void check_time(Instant now);
  std::size_t size() const { return sessions_.size(); }
  /// True once when a session has ended and been buried.
  bool take_ended() { return std::exchange(ended_, false); }

 private:
  template <class Use>
  void each(Use use) {
    sessions_.each([&](SlotKey, const std::unique_ptr<Session>& session) { use(*session); });
  }

  static constexpr std::size_t kFew = 64;
  static constexpr std::size_t kTurn = 4096;  // bytes that a turn counts as, however little it brings
  static constexpr std::size_t kTurns =
      64;  // of so many the order is kept: hardly ever do more go on at once
  static constexpr Nanos kWalkEvery = 2ms;

  void begin(std::unique_ptr<Session> session);
  /// nullptr when it has gone.
  Session* find(const ReplyAddress& address) const {
    const auto* const session = sessions_.find({address.session, address.generation});
    return session == nullptr ? nullptr : session->get();
  }
  ClientName name_of_gone(const ReplyAddress& address) const;
  bool walk_is_due(Instant now);
  void release_those_within();
  /// Who holds least of those who are held since then and wait for nothing but room; nullptr when nobody is.
  Session* starving(Instant since) const;
  /// False when there is nobody whose client could move at least so much, and who holds as much as `than`.
  bool drop_most_stuck(ledger::CloseReason reason, std::size_t least_stuck, const Session* than = nullptr);

  ledger::WorkerMetrics& metrics_;
  SlotMap<std::unique_ptr<Session>> sessions_;
  struct Gone {
    std::string listener, address;
  };
  std::map<std::pair<std::uint32_t, std::uint32_t>, Gone> gone_;  // by slot and generation
  std::vector<std::uint32_t> to_resume_;
  std::vector<Session*> paused_;    // of resume_all(), for its memory
  std::uint64_t turn_now_ = 0;      // bytes
  std::vector<ReplyAddress> held_;  // slot and generation; some may have gone
  Instant walked_at_{};
  std::vector<std::unique_ptr<Session>> retired_;
  bool ended_ = false;
};

}  // namespace finishline::worker
