// A state machine: an enum of states, the table of the moves that are legal between them, and one way to
// move. A move that is not in the table is a fault of the program: it aborts with a message, unless this is
// compiled with NDEBUG.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <type_traits>

namespace finishline {

/// Says on standard error which machine was to make which move, and aborts.
[[noreturn]] void abort_illegal_move(const char* machine, const char* from, const char* to);

/// The legal moves between the states of an enum whose values count from 0 to `kStates - 1`.
template <class StateEnum, std::size_t kStates>
class Moves {
 public:
  using State = StateEnum;
  struct Row {
    State from;
    const char* name;  // of that state
    std::initializer_list<State> to;
  };

  /// One row for each state, in the order of the enum: anything else does not compile.
  consteval Moves(const char* machine, std::initializer_list<Row> rows) : machine_(machine) {
    static_assert(kStates <= 16);
    std::size_t count = 0;
    for (const Row& row : rows) {
      if (index(row.from) != count) throw "rows stand in the order of the enum";
      names_[count] = row.name;
      for (const State to : row.to) to_[count] = static_cast<std::uint16_t>(to_[count] | 1U << index(to));
      ++count;
    }
    if (count != kStates) throw "every state has a row";
  }

  constexpr bool legal(State from, State to) const { return (to_[index(from)] >> index(to) & 1U) != 0; }
  constexpr const char* name_of(State state) const { return names_[index(state)]; }
  /// Aborts when the move is not legal.
  void require(State from, State to) const {
    if (!legal(from, to)) [[unlikely]]
      abort_illegal_move(machine_, name_of(from), name_of(to));
  }

 private:
  static constexpr std::size_t index(State state) { return static_cast<std::size_t>(state); }

  const char* machine_;
  std::array<const char*, kStates> names_{};
  std::array<std::uint16_t, kStates> to_{};  // a bit for each state
};

/// The state of one thing, by a table that outlives it. Compares like the enum; takes no more room.
template <const auto& kMoves>
class StateMachine {
 public:
  using State = typename std::remove_cvref_t<decltype(kMoves)>::State;

  constexpr explicit StateMachine(State first) : state_(first) {}
  constexpr operator State() const { return state_; }
  void enter(State next) {
#ifndef NDEBUG
    kMoves.require(state_, next);
#endif
    state_ = next;
  }

 private:
  State state_;
};

}  // namespace finishline
